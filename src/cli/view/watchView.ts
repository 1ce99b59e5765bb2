import { setTimeout as sleep } from "node:timers/promises";

import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { writeRecord } from "../observe/writeRecord.ts";
import { toProblem } from "../toProblem.ts";
import { renderFailure } from "./askMachines.ts";
import type { ViewContext } from "./machineView.ts";
import type { Glance } from "./showView.ts";

/**
 * Until Ctrl-C. In one place of a terminal; else one answer after the other: JSON has one a line, tables and YAML are
 * separated. A machine that goes away after its first answer is waited for.
 */
export async function watchView(
  title: string,
  glance: () => Promise<Glance>,
  everyMs: number,
  context: ViewContext,
): Promise<ExitCode> {
  const isLive = context.output === "table" && process.stdout.isTTY;
  const screen = isLive ? await openScreen(title, everyMs) : openPages(context);
  try {
    for (let isFirst = true; ; isFirst = false) {
      screen.show(await glance().catch((error: unknown) => toMissed(error, isFirst, title, context)));
      await sleep(everyMs, undefined, { signal: context.signal });
    }
  } catch (error) {
    if (context.signal.aborted) return EXIT_CODE.interrupted;
    throw error;
  } finally {
    screen.close();
  }
}

interface Screen {
  readonly show: (glance: Glance | Missed) => void;
  readonly close: () => void;
}

type Missed = Pick<Glance, "failures">;

function toMissed(error: unknown, isFirst: boolean, name: string, { signal }: ViewContext): Missed {
  if (isFirst || signal.aborted) throw error;
  return { failures: [{ machine: { name }, problem: toProblem(error) }] };
}

async function openScreen(title: string, everyMs: number): Promise<Screen> {
  const { createLogUpdate } = await import("log-update");
  const live = createLogUpdate(process.stdout);
  let last = "";
  return {
    show(glance) {
      if ("render" in glance) last = glance.render();
      const failures = glance.failures.map(renderFailure).join("");
      live(`${title}  every ${everyMs / 1000} s, Ctrl-C ends\n\n${last}${failures}`.trimEnd());
    },
    close: () => live.done(),
  };
}

function openPages(context: ViewContext): Screen {
  let separator = "";
  return {
    show(glance) {
      if ("document" in glance) {
        // A table ends with a line break of its own, and so has an empty line behind it.
        writeRecord(glance.document, context, () => separator + glance.render().trimEnd());
        separator = "\n";
      }
      if (context.output === "table" || !("document" in glance))
        for (const failure of glance.failures) context.stderr(renderFailure(failure));
    },
    close: () => {},
  };
}
