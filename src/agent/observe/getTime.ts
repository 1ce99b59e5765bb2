import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import * as z from "zod/mini";

import type { GetTimeResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { formatAddress } from "../facts/sockets.ts";
import type { ObserveMachine } from "./observeMachine.ts";

/** systemd-timesyncd makes it when it has set the clock in this boot. */
const SYNCHRONIZED = "/run/systemd/timesync/synchronized";
const ZONES = "/usr/share/zoneinfo/";
const PROPERTIES = ["ServerName", "ServerAddress", "NTPMessage"];

/** timesyncd is asked over D-Bus; where it does not run, it is only known whether the clock was set. */
export async function getTime(
  machine: Pick<ObserveMachine, "realPath" | "readEntry" | "run">,
  clock: () => number,
): Promise<MessageInitShape<typeof GetTimeResponseSchema>> {
  const [zone, flag, status] = await Promise.all([
    machine.realPath("/etc/localtime"),
    machine.readEntry(SYNCHRONIZED),
    machine
      .run("busctl", [
        "--json=short",
        "get-property",
        "org.freedesktop.timesync1",
        "/org/freedesktop/timesync1",
        "org.freedesktop.timesync1.Manager",
        ...PROPERTIES,
      ])
      .catch(() => ""),
  ]);
  return {
    now: timestampFromMs(clock()),
    synchronized: flag !== undefined,
    ...parseTimesync(status),
    timeZone: zone?.startsWith(ZONES) === true ? zone.slice(ZONES.length) : "UTC",
  };
}

/** What busctl says of each property: its type, and its value. org.freedesktop.timesync1(5). */
const text = z.object({ data: z.string() });
const address = z.object({ data: z.tuple([z.number(), z.array(z.number())]) });
/** leap, version, mode, stratum, precision, root delay, root dispersion, reference, and four times in microseconds. */
const message = z.object({ data: z.array(z.unknown()) });
const microseconds = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** One line of JSON a property, in the order of PROPERTIES; empty where nobody answered. */
export function parseTimesync(output: string): { server: string; offsetUs: bigint } {
  const lines = output.trim().split("\n");
  if (lines.length !== PROPERTIES.length) return { server: "", offsetUs: 0n };
  const [nameLine, addressLine, messageLine] = lines.map((line): unknown => JSON.parse(line));
  const { data: name } = text.parse(nameLine);
  const [, bytes] = address.parse(addressLine).data;
  const times = microseconds.safeParse(message.parse(messageLine).data.slice(8, 12));
  return {
    server: name === "" && bytes.length > 0 ? formatAddress(bytes) : name,
    offsetUs: times.success ? toOffset(times.data) : 0n,
  };
}

/**
 * Half of both ways' difference: RFC 5905, 8. Before the first answer all are 0, or some are timesyncd's word for never,
 * which is no time.
 */
function toOffset(times: [number, number, number, number]): bigint {
  if (!times.every(Number.isSafeInteger)) return 0n;
  const [originate, receive, transmit, destination] = times;
  return BigInt(Math.round((receive - originate + (transmit - destination)) / 2));
}
