import { toCommandName } from "../commandName.ts";
import { toMarks } from "../marks.ts";
import { createPaint } from "../paint.ts";
import type { View } from "./renderGates.ts";

/** How this process shows something on `stream`, now. */
export function createView(stream: NodeJS.WritableStream): View {
  const { env } = process;
  return {
    marks: toMarks(env),
    paint: createPaint(stream),
    now: new Date(),
    command: toCommandName(env),
  };
}
