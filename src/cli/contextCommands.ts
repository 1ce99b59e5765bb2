import { Option } from "@commander-js/extra-typings";

import { parsePortOption } from "./optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

/** Machines that are known by a name. Each action loads its command only when it is called. */
export function addContextCommands(program: RootCommand, run: RunCommand): void {
  const context = program.command("context").description("machines that you may call, by name");
  addChanges(context, run);
  addLooks(context, run);
}

type ContextCommand = ReturnType<RootCommand["command"]>;

function addChanges(context: ContextCommand, run: RunCommand): void {
  context
    .command("add")
    .argument("[name]", "what you call it; without one, the machines of the access file")
    .description("keep how to reach a machine, how to know it, and with which certificate")
    .option("--host <host>", "where it answers")
    .option("--port <port>", "of its agent", parsePortOption, 7443)
    .option("--access <file>", "what socle access grant wrote for you")
    .option("--like <context>", "with the certificate of this context")
    .option("--fingerprint <sha256>", "of the machine's certificate, as its console shows it")
    .addOption(
      new Option("--ca <file>", "or the authority that signed its certificate").conflicts("fingerprint"),
    )
    .option("--replace", "instead of the one of that name")
    .option("--yes", "do not ask whether the fingerprint is right")
    .addHelpText(
      "after",
      renderExamples([
        ["socle context add edge-01 --host 10.0.0.7 --access me.access.json", "asks for the fingerprint"],
        ["socle context add edge-02 --host 10.0.0.8 --like edge-01", "with the same certificate"],
        ["socle context add --access me.access.json", "its machines; and a renewed certificate everywhere"],
      ]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (surroundings) => {
        const { contextAdd } = await import("./commands/contextAdd.ts");
        return contextAdd({ name }, options, surroundings);
      }),
    );

  context
    .command("use")
    .argument("<context>", "the machine that is meant where none is named")
    .description("choose the current context")
    .addHelpText("after", renderExamples([["socle context use edge-01", "then: socle status"]]))
    .action((name, _options, command) =>
      run(command.optsWithGlobals(), async (surroundings) => {
        const { contextUse } = await import("./commands/contextList.ts");
        return contextUse({ name }, surroundings);
      }),
    );

  context
    .command("remove")
    .argument("<context>", "which")
    .description("forget a machine, and the certificate for it")
    .addHelpText("after", renderExamples([["socle context remove edge-01", "the machine does not notice"]]))
    .action((name, _options, command) =>
      run(command.optsWithGlobals(), async (surroundings) => {
        const { contextRemove } = await import("./commands/contextList.ts");
        return contextRemove({ name }, surroundings);
      }),
    );
}

function addLooks(context: ContextCommand, run: RunCommand): void {
  context
    .command("list")
    .description("the machines, your role there, and until when")
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle context list", "* is the current one"]]))
    .action((_options, command) =>
      run(command.optsWithGlobals(), async (surroundings) => {
        const { contextList } = await import("./commands/contextList.ts");
        return contextList(surroundings);
      }),
    );

  context
    .command("show")
    .argument("[context]", "which (default: the current one)")
    .description("one of them, without the key")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle context show edge-01", "address, fingerprint, certificate"]]),
    )
    .action((name, _options, command) =>
      run(command.optsWithGlobals(), async (surroundings) => {
        const { contextShow } = await import("./commands/contextList.ts");
        return contextShow({ name }, surroundings);
      }),
    );
}
