import { InvalidArgumentError, Option } from "@commander-js/extra-typings";

import type { CommandContext } from "../commandContext.ts";
import { createContextOption, createNodesOption, KEEP_GOING, MACHINE } from "../machineOptions.ts";
import { parseDurationOption, parsePortOption } from "../optionValues.ts";
import { createFormatOption, renderExamples, type RunCommand } from "../rootCommand.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { FILE, type ConfigCommand } from "./lookCommands.ts";
import { parseGenerationNumber } from "./parseGenerationNumber.ts";

const REASON = ["--reason <text>", "why, for those who read the history"] as const;
const AFTER_APPLY =
  "\nCtrl-C stops the looking on, not the change.\nExit code 7: it was tried, did not stay, and the machine went back";

/** What changes a machine. Each action loads its command only when it is called. */
export function addConfigurationChanges(config: ConfigCommand, run: RunCommand): void {
  addApply(config, run);
  addAfterwards(config, run);
}

function createTryOption() {
  return new Option(
    "--try <duration>",
    "goes back by itself after 60s, 5m, unless it is confirmed; asks on a terminal",
  ).argParser(parseTrial);
}

function addApply(config: ConfigCommand, run: RunCommand): void {
  config
    .command("apply")
    .argument(...FILE)
    .argument(...MACHINE)
    .description("put a configuration in force, all of it or none, and follow it to the verdict")
    .option("--dry-run", "show what it would change, as plan does")
    .addOption(createTryOption())
    .option(...REASON)
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .option(...KEEP_GOING)
    .addOption(
      new Option(
        "--insecure",
        "to a machine that waits for its first configuration, and knows nobody yet",
      ).conflicts(["try", "dryRun", "context", "nodes", "reason"]),
    )
    .option(
      "--fingerprint <sha256>",
      "with --insecure: of the machine's certificate, as its console shows it",
    )
    .option("--host <host>", "with --insecure: where it answers")
    .option("--port <port>", "with --insecure: of its agent", parsePortOption, 7443)
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle config apply edge-01.yaml edge-01", "in force at once; back if it is not healthy"],
        [
          'socle config apply edge-01.yaml --try 60s --reason "new VLAN"',
          "back in a minute without your yes",
        ],
        ["socle config apply site.yaml -n edge-01,edge-02", "one after the other, until one fails"],
        ["socle config apply first.yaml --insecure --host 10.0.0.7 --fingerprint sha256:…", "first contact"],
      ]),
    )
    .addHelpText("after", AFTER_APPLY)
    .action((file, name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { readConfigurationFile } = await import("./configurationFile.ts");
          const { document } = await readConfigurationFile(file);
          if (options.insecure === true) {
            const { applyFirst } = await import("./applyFirst.ts");
            return applyFirst(document, options, context);
          }
          const { chooseMachines } = await import("../chooseMachines.ts");
          const aim = { document };
          const chosen = await chooseMachines(name, options, context);
          if (options.dryRun === true) {
            const { createPlanView } = await import("./configurationPlan.ts");
            const { showView } = await import("../view/showView.ts");
            return showView(chosen, createPlanView(aim), {}, context);
          }
          const { applyConfiguration } = await import("./applyConfiguration.ts");
          const { inTurn } = await import("../inTurn.ts");
          if ("machine" in chosen) return applyConfiguration(chosen.machine, aim, options, context);
          const apply = (machine: NamedMachine, own: CommandContext) =>
            applyConfiguration(machine, aim, options, own);
          return inTurn("ConfigurationResult", chosen, apply, options, context);
        },
        { isOnlooker: true },
      ),
    );
}

function addAfterwards(config: ConfigCommand, run: RunCommand): void {
  config
    .command("confirm")
    .argument("[generation]", "its number (default: the one that waits)", parseGenerationNumber)
    .description("keep what is on trial")
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle config confirm 5 --context edge-01", "before its time is over"]]),
    )
    .action((generation, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachine } = await import("../chooseMachines.ts");
        const { confirmConfiguration } = await import("./confirmConfiguration.ts");
        return confirmConfiguration(await chooseMachine(undefined, options, context), generation, context);
      }),
    );

  config
    .command("rollback")
    .argument(
      "[generation]",
      "its number (default: the one before; during a trial, what is current)",
      parseGenerationNumber,
    )
    .description("put the document of a generation in force again, as a new generation; ends a trial")
    .addOption(createTryOption())
    .option(...REASON)
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle config rollback --context edge-01", "what was in force before"],
        ["socle config rollback 3 --try 60s", "back in a minute without your yes"],
      ]),
    )
    .addHelpText("after", AFTER_APPLY)
    .action((generation, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachine } = await import("../chooseMachines.ts");
          const { rollBackConfiguration } = await import("./applyConfiguration.ts");
          const machine = await chooseMachine(undefined, options, context);
          return rollBackConfiguration(machine, generation, options, context);
        },
        { isOnlooker: true },
      ),
    );
}

/** @returns milliseconds */
function parseTrial(text: string): number {
  const durationMs = parseDurationOption(text);
  if (durationMs > 86_400_000) throw new InvalidArgumentError("write at most 24h: a trial is for a look");
  return durationMs;
}
