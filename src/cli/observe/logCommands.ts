import { InvalidArgumentError, Option } from "@commander-js/extra-typings";

import { createContextOption, createNodesOption, MACHINE } from "../machineOptions.ts";
import { parseDurationOption, parseTimeOption } from "../optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "../rootCommand.ts";
import { parseCount } from "./parseCount.ts";
import { PRIORITY_WORDS } from "./priorityWords.ts";

const FOLLOW = ["-f, --follow", "go on with new lines until Ctrl-C"] as const;

/** What a machine writes down. Each action loads its command only when it is called. */
export function addLogCommands(program: RootCommand, run: RunCommand): void {
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
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle logs edge-01 -u nginx.service -f", "one service, live"],
        ["socle logs --boot bad -p err", "why did the last version not come up?"],
        ["socle logs -n edge-01,edge-02 -f", "of two machines, each line with its machine"],
        ["socle logs --since 5m --grep refused -o json", "for a program: one JSON document a line"],
      ]),
    )
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachines } = await import("../chooseMachines.ts");
          const { showLinesOf } = await import("./showLinesOf.ts");
          const { showLogs } = await import("./showLogs.ts");
          const chosen = await chooseMachines(name, options, context);
          return showLinesOf(chosen, (machine, own) => showLogs(machine, options, own), context);
        },
        { isOnlooker: true },
      ),
    );

  program
    .command("dmesg")
    .argument(...MACHINE)
    .description("the kernel's log of this boot")
    .option(...FOLLOW)
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle dmesg edge-01 -f", "while something is plugged in"]]))
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachines } = await import("../chooseMachines.ts");
          const { showLinesOf } = await import("./showLinesOf.ts");
          const { showKernelLog } = await import("./showLogs.ts");
          const chosen = await chooseMachines(name, options, context);
          return showLinesOf(chosen, (machine, own) => showKernelLog(machine, options, own), context);
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
