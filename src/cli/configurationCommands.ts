import { addConfigurationChanges } from "./configuration/changeCommands.ts";
import { addConfigurationLooks } from "./configuration/lookCommands.ts";
import type { RootCommand, RunCommand } from "./rootCommand.ts";

/** The configuration of machines, and its generations. */
export function addConfigurationCommands(program: RootCommand, run: RunCommand): void {
  const config = program
    .command("config")
    .description("what makes a machine differ from others of its image, and its generations");
  addConfigurationLooks(config, run);
  addConfigurationChanges(config, run);
}
