import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { parseDurationOption, parseTimeOption } from "./optionValues.ts";
import { PRIORITY_WORDS } from "./observe/priorityWords.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

const MACHINE = ["[machine]", "a running machine; not needed when there is one only"] as const;
const WATCH = ["--watch", "again every two seconds, until Ctrl-C"] as const;
const FOLLOW = ["-f, --follow", "go on with new lines until Ctrl-C"] as const;

/** What a machine shows of itself; nothing here changes it. Each action loads its command only when it is called. */
export function addObserveCommands(program: RootCommand, run: RunCommand): void {
  addLogCommands(program, run);
  addListCommands(program, run);
  addFileCommands(program, run);
  addSaveCommands(program, run);
  addLiveCommands(program, run);
}

async function findMachine(name: string | undefined) {
  const { findMachineAccess } = await import("./findMachineAccess.ts");
  return findMachineAccess(name);
}

function addLogCommands(program: RootCommand, run: RunCommand): void {
  program
    .command("logs")
    .argument(...MACHINE)
    .description("the journal of a machine: by unit, boot, priority, time, text")
    .option("-u, --unit <name>", "of this unit only; repeatable, patterns such as 'nginx*'", addUnit)
    .option("--boot <which>", "0 the present one, -1 the one before, bad the last unhealthy one", parseBoot)
    .addOption(
      new Option("-p, --priority <level>", "only this bad, or worse: 0 to 7, or emerg to debug").argParser(
        parsePriority,
      ),
    )
    .option("--since <when>", "from then on: 5m, 2h, or a time", parseSince)
    .option("--lines <count>", "the last so many (default: 100)", parseCount)
    .option(...FOLLOW)
    .option("--grep <text>", "only lines with this text in them")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle logs edge-01 -u nginx.service -f", "one service, live"],
        ["socle logs --boot bad -p err", "why did the last version not come up?"],
        ["socle logs --since 5m --grep refused -o json", "for a program: one JSON document a line"],
      ]),
    )
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { showLogs } = await import("./observe/showLogs.ts");
          return showLogs(await findMachine(name), options, context);
        },
        { isOnlooker: true },
      ),
    );

  program
    .command("dmesg")
    .argument(...MACHINE)
    .description("the kernel's log of this boot")
    .option(...FOLLOW)
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle dmesg edge-01 -f", "while something is plugged in"]]))
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { showKernelLog } = await import("./observe/showLogs.ts");
          return showKernelLog(await findMachine(name), options, context);
        },
        { isOnlooker: true },
      ),
    );
}

/** Views that are a document: name, what it does, example. */
const LISTS = [
  ["boots", "boots that the journal knows, with version and health", "which boot was the bad one?"],
  ["processes", "processes, by memory", "what fills the memory?"],
  ["disks", "disks, partitions, and room in mounted file systems", "is there room for an update?"],
  ["network", "interfaces, addresses, routes, name servers", "how does it reach the world?"],
  ["time", "the clock, and whether it follows a time server", "is its clock right?"],
] as const;

function addListCommands(program: RootCommand, run: RunCommand): void {
  for (const [view, description, purpose] of LISTS) {
    program
      .command(view)
      .argument(...MACHINE)
      .description(description)
      .option(...WATCH)
      .addOption(createFormatOption())
      .addHelpText("after", renderExamples([[`socle ${view} edge-01`, purpose]]))
      .action((name, options, command) =>
        run(
          command.optsWithGlobals(),
          async (context) => {
            const { showNamedView } = await import("./observe/showNamedView.ts");
            return showNamedView(await findMachine(name), view, options, context);
          },
          { isOnlooker: true },
        ),
      );
  }

  program
    .command("services")
    .argument("[pattern...]", "units whose name fits, such as 'ssh*' (default: *.service)")
    .description("units of systemd with state, memory and restarts")
    .option("--machine <name>", "of this machine; not needed when there is one only")
    .option(...WATCH)
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle services", "what runs, and what has failed"],
        ["socle services 'nginx*' '*.timer' --machine edge-01", "some of them"],
      ]),
    )
    .action((patterns, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { showView } = await import("./observe/showView.ts");
          const { servicesView } = await import("./observe/views.ts");
          return showView(await findMachine(options.machine), servicesView(patterns), options, context);
        },
        { isOnlooker: true },
      ),
    );

  program
    .command("sockets")
    .argument(...MACHINE)
    .description("what listens, with process and unit")
    .option("--all", "connections too")
    .option(...WATCH)
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle sockets edge-01 --all", "who is connected?"]]))
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { showView } = await import("./observe/showView.ts");
          const { socketsView } = await import("./observe/views.ts");
          return showView(await findMachine(name), socketsView(options.all === true), options, context);
        },
        { isOnlooker: true },
      ),
    );
}

function addFileCommands(program: RootCommand, run: RunCommand): void {
  const files = program.command("files").description("look at a machine's files; nothing is written");
  const machineOption = ["--machine <name>", "of this machine; not needed when there is one only"] as const;
  files
    .command("ls")
    .argument("<path>", "a folder or a file, from the root")
    .description("what is in a folder")
    .option(...machineOption)
    .option("-r, --recursive", "with all below it; other file systems are left out")
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle files ls /var/lib --machine edge-01", "one folder"]]))
    .action((path, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { showFileList } = await import("./observe/showFiles.ts");
          return showFileList(await findMachine(options.machine), path, options, context);
        },
        { isOnlooker: true },
      ),
    );
  files
    .command("cat")
    .argument("<path>", "a file, from the root")
    .description("a file's content; secrets of the machine are refused")
    .option(...machineOption)
    .addHelpText("after", renderExamples([["socle files cat /etc/os-release", "as it is"]]))
    .action((path, options, command) =>
      run(
        command.optsWithGlobals(),
        async ({ signal }) => {
          const { showFile } = await import("./observe/showFiles.ts");
          const { writeStdout } = await import("./observe/writeStdout.ts");
          return showFile(await findMachine(options.machine), path, { signal, write: writeStdout });
        },
        { isOnlooker: true },
      ),
    );
}

function addSaveCommands(program: RootCommand, run: RunCommand): void {
  program
    .command("capture")
    .argument(...MACHINE)
    .description("packets of an interface, into a file for Wireshark or tcpdump")
    .requiredOption("-i, --interface <name>", "which one, or any")
    .requiredOption("--out <file>", "a new file")
    .option("--for <duration>", "so long: 30s, 10m at most", parseDurationOption, 30_000)
    .option("--packets <count>", "at most so many", parseCount)
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle capture -i enp1s0 --for 30s --out edge.pcap", "the agent's own are left out"]]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { savePackets } = await import("./observe/savePackets.ts");
        return savePackets(await findMachine(name), options, context);
      }),
    );

  program
    .command("support")
    .argument(...MACHINE)
    .description("everything that support needs, as a tar file, without secrets")
    .requiredOption("--out <file>", "a new file")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle support edge-01 --out edge-01.tar", "look into it before it is sent"]]),
    )
    .action((name, { out }, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { saveSupportBundle } = await import("./observe/savePackets.ts");
        return saveSupportBundle(await findMachine(name), out, context);
      }),
    );
}

function addLiveCommands(program: RootCommand, run: RunCommand): void {
  program
    .command("events")
    .argument(...MACHINE)
    .description("everything that changes on a machine, from now on")
    .option("-f, --follow", "until Ctrl-C, as without it: there are no old ones")
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle events edge-01 -f -o json", "for a program"]]))
    .action((name, _options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { showEvents } = await import("./observe/showEvents.ts");
          return showEvents(await findMachine(name), context);
        },
        { isOnlooker: true },
      ),
    );

  program
    .command("dashboard")
    .argument(...MACHINE)
    .description("a live view of one machine: slots, health, load, services, log")
    .addHelpText("after", renderExamples([["socle dashboard edge-01", "1 to 5 views, ? help, q quit"]]))
    .action((name, _options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { showDashboard } = await import("./dashboard/runDashboard.ts");
          return showDashboard(await findMachine(name), context);
        },
        { isOnlooker: true },
      ),
    );
}

function addUnit(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}

function parseBoot(text: string): number | "bad" {
  if (text === "bad") return text;
  if (!/^(0|-\d{1,4})$/.test(text)) throw new InvalidArgumentError("write 0, -1, -2 …, or bad");
  return Number(text);
}

function parsePriority(text: string): number {
  const named = PRIORITY_WORDS.indexOf(text.toLowerCase());
  if (named >= 0) return named;
  if (!/^[0-7]$/.test(text))
    throw new InvalidArgumentError(`write 0 to 7, or one of: ${PRIORITY_WORDS.join(", ")}`);
  return Number(text);
}

/** `5m` is five minutes ago. */
function parseSince(text: string): Date {
  if (/^\d+[smhd]$/.test(text)) return new Date(Date.now() - parseDurationOption(text));
  try {
    return parseTimeOption(text);
  } catch {
    throw new InvalidArgumentError("write 5m, 2h, 3d, a day such as 2026-12-01, or 2026-12-01T08:00:00Z");
  }
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("write a whole number from 1 to 999999");
  return Number(text);
}
