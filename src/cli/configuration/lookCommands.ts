import { EXIT_CODE } from "../exitCode.ts";
import { createContextOption, createNodesOption, createWatchOption, MACHINE } from "../machineOptions.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "../rootCommand.ts";
import { parseGenerationNumber } from "./parseGenerationNumber.ts";

export type ConfigCommand = ReturnType<RootCommand["command"]>;

export const FILE = ["<file>", "a machine configuration in JSON or YAML"] as const;

/** Nothing of this changes a machine. Each action loads its command only when it is called. */
export function addConfigurationLooks(config: ConfigCommand, run: RunCommand): void {
  addMachineLooks(config, run);
  addComparison(config, run);
  addFileLooks(config, run);
}

function addMachineLooks(config: ConfigCommand, run: RunCommand): void {
  config
    .command("show")
    .argument(...MACHINE)
    .description("the configuration in force, without secrets, and where it comes from")
    .option("--generation <number>", "this one instead", parseGenerationNumber)
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle config show edge-01", "YAML, as a file for apply would be"],
        ["socle config show edge-01 --generation 3", "as it was"],
      ]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachines } = await import("../chooseMachines.ts");
        const { createConfigurationView } = await import("./showConfiguration.ts");
        const { showView } = await import("../view/showView.ts");
        const view = createConfigurationView(options.generation);
        return showView(await chooseMachines(name, options, context), view, {}, context);
      }),
    );

  config
    .command("history")
    .argument(...MACHINE)
    .description("every configuration that was put in force: when, by whom, why, and what became of it")
    .addOption(createWatchOption())
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle config history edge-01", "the newest first"],
        ["socle config history -n edge-01,edge-02", "of several"],
      ]),
    )
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachines } = await import("../chooseMachines.ts");
          const { historyView } = await import("./configurationHistory.ts");
          const { showView } = await import("../view/showView.ts");
          return showView(await chooseMachines(name, options, context), historyView, options, context);
        },
        { isOnlooker: true },
      ),
    );

  config
    .command("plan")
    .argument(...FILE)
    .argument(...MACHINE)
    .description("what applying it would change: keys, files, units, a restart")
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle config plan edge-01.yaml edge-01", "and change nothing"]]))
    .action((file, name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachines } = await import("../chooseMachines.ts");
        const { readConfigurationFile } = await import("./configurationFile.ts");
        const { createPlanView } = await import("./configurationPlan.ts");
        const { showView } = await import("../view/showView.ts");
        const { document } = await readConfigurationFile(file);
        const view = createPlanView({ document });
        return showView(await chooseMachines(name, options, context), view, {}, context);
      }),
    );
}

function addComparison(config: ConfigCommand, run: RunCommand): void {
  config
    .command("diff")
    .argument("<from>", "number of a generation", parseGenerationNumber)
    .argument("[to]", "of another one (default: what is in force)", parseGenerationNumber)
    .description("what differs between two generations, key by key")
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle config diff 3 5 --context edge-01", "from 3 to 5"],
        ["socle config diff 3", "from 3 to what is in force"],
      ]),
    )
    .addHelpText("after", "\nExit code 0: the same, 1: they differ, 2 and more: they could not be compared")
    .action((from, to, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachine } = await import("../chooseMachines.ts");
          const { compareGenerations } = await import("./compareGenerations.ts");
          return compareGenerations(await chooseMachine(undefined, options, context), from, to, context);
        },
        { failedCode: EXIT_CODE.usage }, // 1 says that they differ
      ),
    );
}

function addFileLooks(config: ConfigCommand, run: RunCommand): void {
  config
    .command("check")
    .argument(...FILE)
    .description("whether a file is right, without a machine; every problem with its place")
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle config check edge-01.yaml", "before anybody is asked"]]))
    .action((file, _options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { checkConfiguration } = await import("./checkConfiguration.ts");
        return checkConfiguration(file, context);
      }),
    );

  config
    .command("schema")
    .description("print the JSON schema, for editors and other programs")
    .addHelpText("after", renderExamples([["socle config schema > config.schema.json", "JSON, always"]]))
    .action((_options, command) =>
      run(command.optsWithGlobals(), async ({ projectRoot, stdout }) => {
        const { readText } = await import("#system/files.ts");
        stdout(await readText(`${projectRoot}/schema/socle-configuration.schema.json`));
        return EXIT_CODE.ok;
      }),
    );
}
