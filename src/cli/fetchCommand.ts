import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

/** From a repository to a release, verified as a machine does it. */
export function addFetchCommand(program: RootCommand, run: RunCommand): void {
  program
    .command("fetch")
    .argument("<url>", "where the repository is: the folder that has metadata/ and targets/")
    .description("download a release and verify all of it, as a machine does")
    .requiredOption("--trusted-root <file>", "root metadata of the project, such as keys/root/1.root.json")
    .option("--channel <name>", "of which channel", "stable")
    .option("--release <version>", "which one (default: the newest)")
    .option("--output <folder>", "where the release is put (default: ID_VERSION in this folder)")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle fetch https://updates.example --trusted-root keys/root/1.root.json", "the newest of stable"],
        [
          "socle fetch http://localhost:8080 --trusted-root 1.root.json --channel testing --release 1.1",
          "a certain one",
        ],
      ]),
    )
    .action((url, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { fetch } = await import("./commands/fetch.ts");
        return fetch({ url }, options, context);
      }),
    );
}
