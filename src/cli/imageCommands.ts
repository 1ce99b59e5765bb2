import { Option } from "@commander-js/extra-typings";
import { COMPRESSIONS } from "./commandOptions.ts";
import { findDefinitionFile } from "./findDefinitionFile.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

const FILE = "the definition; ./system.ts or ./system.yaml when absent";

/** From a definition to files. Each action loads its command only when it is called. */
export function addImageCommands(program: RootCommand, run: RunCommand): void {
  program.commandsGroup("Image:");

  program
    .command("init")
    .argument("<folder>", "a new or empty folder")
    .description("start a system of your own")
    .addHelpText("after", renderExamples([["socle init my-edge", "a definition to edit, with editor help"]]))
    .action((folder, _options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { init } = await import("./commands/init.ts");
        return init({ folder }, {}, context);
      }),
    );

  program
    .command("check")
    .argument("[file]", FILE)
    .description("say whether a definition describes a system, and what is wrong if not")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle check", "the definition in this folder"],
        ["socle check -o json edge.yaml", "all problems, for a program"],
      ]),
    )
    .action((file, _options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const definition = await findDefinitionFile(file, process.cwd());
        const { check } = await import("./commands/check.ts");
        return check({ file: definition }, {}, context);
      }),
    );

  program
    .command("show")
    .argument("[file]", FILE)
    .description("print the definition with every default filled in; build nothing")
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle show -o json", "the resolved definition as JSON"]]))
    .action((file, _options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const definition = await findDefinitionFile(file, process.cwd());
        const { show } = await import("./commands/show.ts");
        return show({ file: definition }, {}, context);
      }),
    );

  program
    .command("lock")
    .argument("[file]", FILE)
    .description("pin every package to its exact version and hash")
    .option("--update", "take the newest packages although the lock fits the definition")
    .option("--check", "write nothing; fail when the lock is stale")
    .option("--export <folder>", "keep a copy of every locked package there, to build from years later")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle lock", "write the lock beside the definition"],
        ["socle lock --update", "take the updates of the distribution"],
        ["socle lock --export pool", "make the build independent of any mirror"],
      ]),
    )
    .action((file, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const definition = await findDefinitionFile(file, process.cwd());
        const { lock } = await import("./commands/lock.ts");
        return lock({ file: definition }, options, context);
      }),
    );

  program
    .command("build")
    .argument("[file]", FILE)
    .description("make a bootable, verified image from a definition and its lock")
    .option("--output <folder>", "where the release is put (default: out/ID_VERSION in this folder)")
    .addOption(
      new Option("--compression <method>", "of the root image, instead of the definition's").choices(
        COMPRESSIONS,
      ),
    )
    .option(
      "--keys <folder>",
      "sign with these keys (default: keys beside the definition, or development keys)",
    )
    .option("--offline", "fail instead of downloading")
    .option("--verify-reproducible", "build twice and compare, bit by bit")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle build", "the definition in this folder, into out/"],
        ["socle build --verify-reproducible", "prove that it does not depend on when and where"],
        ["socle check && socle build -q", "print the path of the release only"],
      ]),
    )
    .action((file, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const definition = await findDefinitionFile(file, process.cwd());
        const { build } = await import("./commands/build.ts");
        return build({ file: definition }, options, context);
      }),
    );
}
