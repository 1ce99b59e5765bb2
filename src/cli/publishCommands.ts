import { InvalidArgumentError, Option } from "@commander-js/extra-typings";

import { isChannelName } from "#release/channel.ts";

import { addFetchCommand } from "./fetchCommand.ts";
import { parsePortOption } from "./optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

const KEYS = "sign with these keys (default: ./keys, or development keys)";
const FOLDER = "the folder of the repository";

/** From a release to what machines download. Each action loads its command only when it is called. */
export function addPublishCommands(program: RootCommand, run: RunCommand): void {
  program.commandsGroup("Publish:");

  program
    .command("publish")
    .argument("<release>", "the folder of a release, as socle build made it")
    .description("add a release to a repository that any web server can serve")
    .requiredOption("--repository <folder>", "where the repository is, or is to be")
    .addOption(createChannelOption().default("stable"))
    .option("--keys <folder>", KEYS)
    .option("--dry-run", "show the plan and publish nothing")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle publish out/minimal_1.0 --repository site", "make or extend the repository in site/"],
        ["socle publish out/minimal_1.1 --repository site --channel testing", "to those who test"],
        ["socle publish out/minimal_1.1 --repository site --dry-run", "what would be copied"],
      ]),
    )
    .action((release, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { publish } = await import("./commands/publish.ts");
        return publish({ release }, options, context);
      }),
    );

  addRepositoryCommands(program, run);
  addFetchCommand(program, run);

  program
    .command("serve")
    .argument("<folder>", FOLDER)
    .description("serve a repository from this host, to try it out")
    .option("--port <number>", "where to listen (default: a free one)", parsePortOption)
    .option(
      "--host <address>",
      "on which address of this host; others than 127.0.0.1 let others in",
      "127.0.0.1",
    )
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle serve site --port 8080", "until Ctrl-C"]]))
    .action((folder, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { serve } = await import("./commands/serve.ts");
        return serve({ folder }, options, context);
      }),
    );
}

function addRepositoryCommands(program: RootCommand, run: RunCommand): void {
  const repository = program
    .command("repository")
    .description("verify a repository, keep it fresh, take releases out of it")
    .addHelpText(
      "after",
      renderExamples([
        ["socle repository verify site", "every signature, every byte"],
        ["socle repository renew site", "before its metadata expire"],
        ["socle repository withdraw site --channel stable --release 1.1", "no machine installs it any more"],
      ]),
    );

  repository
    .command("verify")
    .argument("<folder>", FOLDER)
    .description("check the whole: signatures, expiry, every file, every document")
    .option("--trusted-root <file>", "root metadata that its own must follow from")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle repository verify site --trusted-root keys/root/1.root.json", "it is ours, and whole"],
      ]),
    )
    .action((folder, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { verify } = await import("./commands/repository.ts");
        return verify({ folder }, options, context);
      }),
    );

  repository
    .command("renew")
    .argument("<folder>", FOLDER)
    .description("sign anew what would expire")
    .option("--keys <folder>", KEYS)
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle repository renew site", "once a day, by a timer"]]))
    .action((folder, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { renew } = await import("./commands/repository.ts");
        return renew({ folder }, options, context);
      }),
    );

  repository
    .command("withdraw")
    .argument("<folder>", FOLDER)
    .description("take a release out of a channel; its version is never used again for other bytes")
    .addOption(createChannelOption().makeOptionMandatory())
    .requiredOption("--release <version>", "which one")
    .option("--delete", "remove its files too")
    .option("--keys <folder>", KEYS)
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle repository withdraw site --channel stable --release 1.1", "its files stay"]]),
    )
    .action((folder, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { withdrawFrom } = await import("./commands/repository.ts");
        return withdrawFrom({ folder }, options, context);
      }),
    );
}

function createChannelOption() {
  return new Option("--channel <name>", "who gets it").argParser(parseChannelOption);
}

function parseChannelOption(text: string): string {
  if (!isChannelName(text)) {
    throw new InvalidArgumentError(
      'write lower-case letters, digits and "-", and no name that TUF uses itself (root, targets, snapshot, timestamp)',
    );
  }
  return text;
}
