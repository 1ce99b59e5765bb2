import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import type { GetTimeResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { parseAssignments } from "../facts/assignments.ts";
import type { ObserveMachine } from "./observeMachine.ts";

/** systemd-timesyncd makes it when it has set the clock in this boot. */
const SYNCHRONIZED = "/run/systemd/timesync/synchronized";
const ZONES = "/usr/share/zoneinfo/";

/** timesyncd is asked by timedatectl; where it does not run, it is only known whether the clock was set. */
export async function getTime(
  machine: ObserveMachine,
  clock: () => number,
): Promise<MessageInitShape<typeof GetTimeResponseSchema>> {
  const [zone, flag, status] = await Promise.all([
    machine.realPath("/etc/localtime"),
    machine.readEntry(SYNCHRONIZED),
    machine
      .run("timedatectl", ["show-timesync", "--property=ServerName,ServerAddress,NTPMessage"])
      .catch(() => ""),
  ]);
  const properties = parseAssignments(status);
  return {
    now: timestampFromMs(clock()),
    synchronized: flag !== undefined,
    server: properties.get("ServerName") || (properties.get("ServerAddress") ?? ""),
    timeZone: zone?.startsWith(ZONES) === true ? zone.slice(ZONES.length) : "UTC",
    offsetUs: BigInt(parseOffsetUs(properties.get("NTPMessage") ?? "")),
  };
}

/**
 * From `{ …, OriginateTimestamp=…, …, Spike=no, PacketCount=3, Jitter=1.2ms }`: systemd writes the four times of the
 * exchange as dates without zone, of whose difference only whole microseconds are kept. 0 where they are not there.
 */
export function parseOffsetUs(message: string): number {
  const times = ["Originate", "Receive", "Transmit", "Destination"].map((name) => {
    const [, date, time, fraction = ""] =
      new RegExp(
        `${name}Timestamp=\\w+ (\\d{4}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d)(?:\\.(\\d{1,6}))?`,
      ).exec(message) ?? [];
    return date === undefined
      ? Number.NaN
      : Date.parse(`${date}T${time}Z`) * 1000 + Number(fraction.padEnd(6, "0"));
  });
  const [originate = 0, receive = 0, transmit = 0, destination = 0] = times;
  const offset = (receive - originate + (transmit - destination)) / 2;
  return Number.isFinite(offset) ? Math.round(offset) : 0;
}
