import { Code, ConnectError } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";

import type {
  CapturePacketsRequest,
  CapturePacketsResponseSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { toRefusal } from "../toRefusal.ts";
import { listInterfaces } from "./getNetwork.ts";
import type { ObserveMachine } from "./observeMachine.ts";

type Capture = (
  request: CapturePacketsRequest,
  signal: AbortSignal,
) => AsyncGenerator<MessageInitShape<typeof CapturePacketsResponseSchema>>;

const MOST_SECONDS = 600;
const MOST_SNAP_BYTES = 262_144;

/** @param ownPort the agent's own, which is left out: what is sent of a capture would be captured again, for ever */
export function createCapture(
  machine: Pick<ObserveMachine, "runBytes" | "listFolder">,
  ownPort: number,
): Capture {
  let isRunning = false;
  return async function* capturePackets(request, signal) {
    const words = planCapture(request, await listInterfaces(machine), ownPort);
    if (isRunning)
      throw toRefusal(
        Code.ResourceExhausted,
        "capture-running",
        "Somebody captures packets on this machine already",
        "One capture at a time: wait for its end, which comes after 600 seconds at the latest.",
      );
    isRunning = true;
    try {
      const stop = AbortSignal.timeout(request.seconds * 1000);
      for await (const content of machine.runBytes("tcpdump", words, { signal, stop }))
        yield { content: Uint8Array.from(content) };
    } catch (error) {
      throw isMissingProgram(error) ? toMissing() : error;
    } finally {
      isRunning = false;
    }
  };
}

/** The words of tcpdump; its filter is ours alone. @throws {ConnectError} */
export function planCapture(
  { interface: name, seconds, packets, snapBytes }: CapturePacketsRequest,
  interfaces: readonly string[],
  ownPort: number,
): string[] {
  const known = [...interfaces, "any"];
  if (!known.includes(name)) refuse(`interface: "${name}" is none of ${known.join(", ")}`);
  if (seconds < 1 || seconds > MOST_SECONDS) refuse(`seconds: wanted 1 to ${MOST_SECONDS}`);
  if (snapBytes > MOST_SNAP_BYTES) refuse(`snap_bytes: at most ${MOST_SNAP_BYTES}`);
  return [
    `--interface=${name}`,
    "-n",
    "--packet-buffered",
    "-w",
    "-",
    // It stays what we are: the user that it would become may not be there.
    "-Z",
    "root",
    `--snapshot-length=${snapBytes || MOST_SNAP_BYTES}`,
    ...(packets === 0 ? [] : ["-c", String(packets)]),
    `not tcp port ${ownPort}`,
  ];
}

function isMissingProgram(error: unknown): boolean {
  return (error as { readonly code?: unknown } | undefined)?.code === "ENOENT";
}

function toMissing(): ConnectError {
  return toRefusal(
    Code.FailedPrecondition,
    "capture-not-available",
    "This machine cannot capture packets: its image has no tcpdump",
    "Add tcpdump to the packages of its definition, and update it.",
  );
}

function refuse(reason: string): never {
  throw new ConnectError(reason, Code.InvalidArgument);
}
