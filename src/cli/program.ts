import { addAccessCommands } from "./accessCommands.ts";
import { addCompareCommands } from "./compareCommands.ts";
import { addConfigurationCommands } from "./configurationCommands.ts";
import { addContextCommands } from "./contextCommands.ts";
import { addImageCommands } from "./imageCommands.ts";
import { addMachineCommands } from "./machineCommands.ts";
import { addMaintenanceCommands } from "./maintenanceCommands.ts";
import { addOtherCommands } from "./otherCommands.ts";
import { addPublishCommands } from "./publishCommands.ts";
import { createRootCommand, type RootCommand, type RunCommand } from "./rootCommand.ts";
import { addTrustCommands } from "./trustCommands.ts";

/** The whole command line; `run` gives each command its surroundings. */
export function createProgram(run: RunCommand): RootCommand {
  const program = createRootCommand();
  addImageCommands(program, run);
  addCompareCommands(program, run);
  addPublishCommands(program, run);
  addTrustCommands(program, run);
  addAccessCommands(program, run);
  addMachineCommands(program, run);
  addConfigurationCommands(program, run);
  addContextCommands(program, run);
  addMaintenanceCommands(program, run);
  addOtherCommands(program, run);
  program.helpCommand("help [command]", "show help for a command");
  program.addHelpText("after", ({ command }) =>
    command.parent === null ? "\nStart here:  socle init my-system, then build and vm in it\n" : "",
  );
  return program;
}
