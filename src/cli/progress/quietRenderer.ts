import type { ProgressRenderer } from "./progressRenderer.ts";

/** Warnings only. */
export function createQuietRenderer(stream: NodeJS.WritableStream): ProgressRenderer {
  return {
    show(event) {
      if (event.kind === "note" && event.level === "warning") stream.write(`warning: ${event.message}\n`);
    },
    aside: (write) => write(),
    close() {},
  };
}
