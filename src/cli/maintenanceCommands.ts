import { parsePortOption } from "./optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

/** Machines that have nobody to let in yet. What gives them a configuration is `config apply --insecure`. */
export function addMaintenanceCommands(program: RootCommand, run: RunCommand): void {
  const maintenance = program
    .command("maintenance")
    .description("machines that wait for their first configuration");

  maintenance
    .command("show")
    .description("which machine waits there, and why what it has does not do")
    .requiredOption("--host <host>", "where it answers, as its console shows it")
    .option("--port <port>", "of its agent", parsePortOption, 7443)
    .option("--fingerprint <sha256>", "of the machine's certificate, as its console shows it")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle maintenance show --host 10.0.0.7", "asks whether the fingerprint is right"],
        ["socle maintenance show --host 10.0.0.7 --fingerprint sha256:…", "for a program"],
      ]),
    )
    .action((options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { maintenanceShow } = await import("./maintenance/maintenanceShow.ts");
        return maintenanceShow(options, context);
      }),
    );
}
