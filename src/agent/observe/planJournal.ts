import { Code, ConnectError } from "@connectrpc/connect";
import { timestampMs } from "@bufbuild/protobuf/wkt";

import type { ReadJournalRequest, ReadKernelLogRequest } from "#protocol/gen/socle/v1/observe_pb.ts";

import { JOURNAL_FIELDS } from "./journalLine.ts";

const MOST_UNITS = 64;
/** journalctl gives them backwards when it looks for a text, so they are held until they can be turned round. */
const MOST_FOUND_LINES = 5000;
const BASE = [
  "--output=json",
  `--output-fields=${JOURNAL_FIELDS.join(",")}`,
  "--no-pager",
  "--quiet",
  "--all",
];

/** The words of journalctl for a request. What a caller gives is never the beginning of a word. @throws {ConnectError} */
export function planJournal(request: ReadJournalRequest): string[] {
  const { units, boot, bootId, priority, since, until, lines, follow, contains } = request;
  if (units.length > MOST_UNITS) refuse(`units: at most ${MOST_UNITS} at once`);
  for (const unit of units)
    if (!/^[A-Za-z0-9:_.@*?\\-]{1,255}$/.test(unit)) refuse(`units: "${unit}" is no name of a unit`);
  if (bootId !== "" && !/^[0-9a-f]{32}$/.test(toBare(bootId))) refuse(`boot_id: "${bootId}" is no UUID`);
  if (boot !== undefined && boot > 0) refuse("boot: 0 is the present one, -1 the one before");
  if (priority !== undefined && priority > 7) refuse("priority: wanted 0 (emerg) to 7 (debug)");
  if (bootId !== "" && boot !== undefined) refuse("either boot or boot_id");
  if (isBackwards(request) && lines > MOST_FOUND_LINES)
    refuse(`lines: at most ${MOST_FOUND_LINES} together with contains`);
  return [
    ...BASE,
    ...units.map((unit) => `--unit=${unit}`),
    ...(bootId === "" ? [] : [`--boot=${toBare(bootId)}`]),
    ...(boot === undefined ? [] : [`--boot=${boot}`]),
    ...(priority === undefined ? [] : [`--priority=${priority}`]),
    ...(since === undefined ? [] : [`--since=@${timestampMs(since) / 1000}`]),
    ...(until === undefined ? [] : [`--until=@${timestampMs(until) / 1000}`]),
    ...toLines(request),
    ...(contains === "" ? [] : [`--grep=${toLiteral(contains)}`, "--case-sensitive=true"]),
    ...(follow ? ["--follow"] : []),
  ];
}

/** Whether the newest line comes first: journalctl(1), `--grep` with `--lines`. */
export function isBackwards({
  contains,
  lines,
  follow,
}: Pick<ReadJournalRequest, "contains" | "lines" | "follow">): boolean {
  return contains !== "" && lines > 0 && !follow;
}

/** Whoever follows gets the last ten first, where it is not said from when on or how many. */
function toLines({ lines, follow, since }: ReadJournalRequest): string[] {
  if (lines > 0) return [`--lines=${lines}`];
  if (!follow) return [];
  return [since === undefined ? "--lines=10" : "--lines=all"];
}

export function planKernelLog({ follow }: ReadKernelLogRequest): string[] {
  return [...BASE, "--dmesg", "--boot=0", ...(follow ? ["--lines=all", "--follow"] : [])];
}

function toBare(uuid: string): string {
  return uuid.replaceAll("-", "");
}

/** journalctl takes a pattern (PCRE2); a caller gives a text. */
function toLiteral(text: string): string {
  if (text.length > 1024) refuse("contains: at most 1024 characters");
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

function refuse(reason: string): never {
  throw new ConnectError(reason, Code.InvalidArgument);
}
