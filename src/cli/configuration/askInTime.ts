import { createInterface } from "node:readline";

export interface QuestionStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

export type TimelyAnswer = "yes" | "no" | "too-late";

/** Asks until a time, which the question shows: `Keep it? 42 s left [y/N]`. */
export async function askInTime(
  question: string,
  until: Date,
  signal: AbortSignal,
  { input, output }: QuestionStreams = { input: process.stdin, output: process.stderr },
): Promise<TimelyAnswer> {
  const lines = createInterface({ input, output });
  const { promise, resolve, reject } = Promise.withResolvers<TimelyAnswer>();
  const draw = () => {
    const leftMs = until.getTime() - Date.now();
    if (leftMs <= 0) return resolve("too-late");
    lines.setPrompt(`${question} ${Math.ceil(leftMs / 1000)} s left [y/N] `);
    lines.prompt(true); // what is typed already stays
  };
  const onAbort = () => reject(signal.reason as Error);
  const timer = setInterval(draw, 1000);
  signal.addEventListener("abort", onAbort, { once: true });
  lines.on("line", (line) => resolve(/^y(es)?$/i.test(line.trim()) ? "yes" : "no"));
  // On a terminal the lines take Ctrl-C for themselves.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    signal.throwIfAborted();
    draw();
    return await promise;
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", onAbort);
    lines.close();
    output.write("\n");
  }
}
