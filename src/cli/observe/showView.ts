import { setTimeout as sleep } from "node:timers/promises";
import type { DescMessage } from "@bufbuild/protobuf";

import { callMachine } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { createView } from "../update/view.ts";
import { toDocument } from "./toDocument.ts";
import type { MachineView } from "./view.ts";

type Context = Pick<CommandContext, "stdout" | "signal" | "output">;

/** Long enough for a machine under emulation. */
const TIMEOUT_MS = 30_000;
const WATCH_EVERY_MS = 2000;

/** Asks once and shows the answer; with `watch` again and again, until Ctrl-C. */
export async function showView<Schema extends DescMessage>(
  machine: NamedMachine,
  view: MachineView<Schema>,
  { watch = false }: { readonly watch?: boolean },
  context: Context,
): Promise<ExitCode> {
  if (!watch) {
    context.stdout(await ask(machine, view, context, context.output));
    return EXIT_CODE.ok;
  }
  return context.output === "table" && process.stdout.isTTY
    ? redraw(machine, view, context)
    : repeat(machine, view, context);
}

async function ask<Schema extends DescMessage>(
  machine: NamedMachine,
  { kind, purpose, schema, ask: call, render }: MachineView<Schema>,
  { signal }: Context,
  output: CommandContext["output"],
): Promise<string> {
  const answer = await callMachine(
    machine,
    { purpose, timeoutMs: TIMEOUT_MS, signal },
    ({ observe }, options) => call(observe, options),
  );
  const document = { apiVersion: "socle/v1", kind, machine: machine.name, ...toDocument(schema, answer) };
  return renderResult(document, output, () => render(answer, createView(process.stdout)));
}

/** In one place of the terminal. */
async function redraw<Schema extends DescMessage>(
  machine: NamedMachine,
  view: MachineView<Schema>,
  context: Context,
): Promise<ExitCode> {
  const { createLogUpdate } = await import("log-update");
  const live = createLogUpdate(process.stdout);
  try {
    for (;;) {
      const table = await ask(machine, view, context, "table");
      live(`${machine.name}  every ${WATCH_EVERY_MS / 1000} s, Ctrl-C ends\n\n${table}`.trimEnd());
      await sleep(WATCH_EVERY_MS, undefined, { signal: context.signal });
    }
  } catch (error) {
    if (context.signal.aborted) return EXIT_CODE.interrupted;
    throw error;
  } finally {
    live.done();
  }
}

/** One answer after the other: JSON has one a line, tables and YAML are separated. */
async function repeat<Schema extends DescMessage>(
  machine: NamedMachine,
  view: MachineView<Schema>,
  context: Context,
): Promise<ExitCode> {
  try {
    for (let isFirst = true; ; isFirst = false) {
      const text = await ask(machine, view, context, context.output);
      const separator = isFirst ? "" : context.output === "yaml" ? "---\n" : "\n";
      context.stdout(
        context.output === "json" ? `${JSON.stringify(JSON.parse(text))}\n` : `${separator}${text}`,
      );
      await sleep(WATCH_EVERY_MS, undefined, { signal: context.signal });
    }
  } catch (error) {
    if (context.signal.aborted) return EXIT_CODE.interrupted;
    throw error;
  }
}
