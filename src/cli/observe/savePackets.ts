import type { CommandContext } from "../commandContext.ts";
import type { ExitCode } from "../exitCode.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { saveStream } from "./saveStream.ts";

type Context = Pick<CommandContext, "stdout" | "signal" | "output" | "isQuiet">;

export interface CaptureOptions {
  readonly interface: string;
  readonly out: string;
  /** Milliseconds. */
  readonly for: number;
  readonly packets?: number;
}

export async function savePackets(
  machine: NamedMachine,
  options: CaptureOptions,
  context: Context,
): Promise<ExitCode> {
  const { interface: name, out, for: durationMs, packets = 0 } = options;
  const request = { interface: name, seconds: Math.ceil(durationMs / 1000), packets };
  return saveStream(
    machine,
    {
      kind: "PacketCapture",
      purpose: "capture packets",
      file: out,
      open: ({ observe }, call) => observe.capturePackets(request, call),
    },
    context,
  );
}

export async function saveSupportBundle(
  machine: NamedMachine,
  file: string,
  context: Context,
): Promise<ExitCode> {
  return saveStream(
    machine,
    {
      kind: "SupportBundle",
      purpose: "get the support bundle",
      file,
      open: ({ observe }, call) => observe.getSupportBundle({}, call),
    },
    context,
  );
}
