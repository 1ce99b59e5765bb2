import { createContextOption, MACHINE } from "../machineOptions.ts";
import { parseDurationOption } from "../optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "../rootCommand.ts";
import { parseCount } from "./parseCount.ts";

/** What a machine has as files, or gives as one. Each action loads its command only when it is called. */
export function addFileCommands(program: RootCommand, run: RunCommand): void {
  addLooks(program, run);
  addSaves(program, run);
}

/** Their words are paths, so the machine is an option. */
function addLooks(program: RootCommand, run: RunCommand): void {
  const files = program.command("files").description("look at a machine's files; nothing is written");
  files
    .command("ls")
    .argument("<path>", "a folder or a file, from the root")
    .description("what is in a folder")
    .option("-r, --recursive", "with all below it; other file systems are left out")
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle files ls /var/lib --context edge-01", "one folder"]]))
    .action((path, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachine } = await import("../chooseMachines.ts");
          const { showFileList } = await import("./showFiles.ts");
          return showFileList(await chooseMachine(undefined, options, context), path, options, context);
        },
        { isOnlooker: true },
      ),
    );
  files
    .command("cat")
    .argument("<path>", "a file, from the root")
    .description("a file's content; secrets of the machine are refused")
    .addOption(createContextOption())
    .addHelpText("after", renderExamples([["socle files cat /etc/os-release", "as it is"]]))
    .action((path, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachine } = await import("../chooseMachines.ts");
          const { showFile } = await import("./showFiles.ts");
          const { writeStdout } = await import("./writeStdout.ts");
          const machine = await chooseMachine(undefined, options, context);
          return showFile(machine, path, { signal: context.signal, write: writeStdout });
        },
        { isOnlooker: true },
      ),
    );
}

function addSaves(program: RootCommand, run: RunCommand): void {
  program
    .command("capture")
    .argument(...MACHINE)
    .description("packets of an interface, into a file for Wireshark or tcpdump")
    .requiredOption("-i, --interface <name>", "which one, or any")
    .requiredOption("--out <file>", "a new file")
    .option("--for <duration>", "so long: 30s, 10m at most", parseDurationOption, 30_000)
    .option("--packets <count>", "at most so many", parseCount)
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle capture -i enp1s0 --for 30s --out edge.pcap", "the agent's own are left out"]]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachine } = await import("../chooseMachines.ts");
        const { savePackets } = await import("./savePackets.ts");
        return savePackets(await chooseMachine(name, options, context), options, context);
      }),
    );

  program
    .command("support")
    .argument(...MACHINE)
    .description("everything that support needs, as a tar file, without secrets")
    .requiredOption("--out <file>", "a new file")
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle support edge-01 --out edge-01.tar", "look into it before it is sent"]]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachine } = await import("../chooseMachines.ts");
        const { saveSupportBundle } = await import("./savePackets.ts");
        return saveSupportBundle(await chooseMachine(name, options, context), options.out, context);
      }),
    );
}
