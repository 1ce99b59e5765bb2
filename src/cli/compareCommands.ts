import { EXIT_CODE } from "./exitCode.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

const SIDE = "a release, a definition, or machine:NAME";

/** What makes two systems differ. The action loads its command only when it is called. */
export function addCompareCommands(program: RootCommand, run: RunCommand): void {
  program.commandsGroup("Image:");

  program
    .command("diff")
    .argument("<from>", SIDE)
    .argument("<to>", "another one; the kinds may differ")
    .description("what differs between two releases, definitions or machines")
    .option("--files", "list every file that differs, not only where they are")
    .option("--html <file>", "also write the whole comparison as one page that needs no network")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle diff out/edge_1.0 out/edge_1.1", "what an update brings"],
        ["socle diff system.ts out/edge_1.1", "whether a release is this definition"],
        ["socle diff out/edge_1.1 machine:edge-01", "whether a machine runs this release"],
        ["socle diff old new --html diff.html", "for a reader without a terminal"],
      ]),
    )
    .addHelpText("after", "\nExit code 0: the same, 1: they differ, 2 and more: they could not be compared")
    .action((from, to, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { diff } = await import("./commands/diff.ts");
          return diff({ from, to }, options, context);
        },
        { failedCode: EXIT_CODE.usage }, // 1 says that they differ
      ),
    );
}
