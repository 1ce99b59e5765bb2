import { readHostFacts } from "#system/hostChecks.ts";
import { openWorkspace } from "#system/workspace.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE } from "../exitCode.ts";
import { padToWidth } from "../fitToWidth.ts";
import { judgeHost, type HostCheck } from "../judgeHost.ts";
import { toMarks } from "../marks.ts";
import { createPaint, type Paint } from "../paint.ts";
import { renderResult } from "../renderResult.ts";

/** Looks at the host and says what a build or a boot would stumble over; fails when one cannot work. */
export async function doctor(_args: object, _options: object, context: CommandContext): Promise<number> {
  const checks = judgeHost(await readHostFacts(openWorkspace(), context.signal));
  const isReady = checks.every((check) => check.state !== "failed");
  const result = { apiVersion: "socle/v1", kind: "HostChecks", isReady, checks };
  context.stdout(
    await renderResult(result, context.output, () =>
      renderChecks(checks, isReady, createPaint(process.stdout)),
    ),
  );
  return isReady ? EXIT_CODE.ok : EXIT_CODE.failed;
}

const COLOUR = { ok: "green", warning: "yellow", failed: "red" } as const;
const NAME_WIDTH = 10;

function renderChecks(checks: readonly HostCheck[], isReady: boolean, paint: Paint): string {
  const marks = toMarks(process.env);
  const lines = checks.flatMap(({ name, state, found, fix }) => [
    `${paint(COLOUR[state], marks[state])} ${padToWidth(name, NAME_WIDTH)}  ${found}`,
    ...(fix === undefined
      ? []
      : fix.split("\n").map((line, i) => `${" ".repeat(14)}${i === 0 ? "Fix   " : "      "}${line}`)),
  ]);
  const verdict = isReady ? "This host can build and boot." : "This host cannot build yet.";
  return `${[...lines, "", verdict].join("\n")}\n`;
}
