import { parseUnitNames } from "../facts/failedUnits.ts";
import { parseEntry, readField } from "../observe/journalLine.ts";
import type { ObserveMachine } from "../observe/observeMachine.ts";
import type { EventContent } from "./eventHub.ts";

// What systemd itself writes to the journal, by its catalog: sd-messages.h.
const STARTED = "39f53479d3a045ac8e11786248231fbf";
/** Of a unit that has done its work and ended well. */
const SUCCEEDED = "7ad2d189f7e94e70a38c781354912448";
const FAILED = "d9b373ed55a64feb8242e02dbe79a49c";

const FIELDS = ["MESSAGE_ID", "UNIT", "UNIT_RESULT"];
const WORDS = [
  "--output=json",
  `--output-fields=${FIELDS.join()}`,
  "--no-pager",
  "--quiet",
  "--lines=all",
  "--follow",
  // Of the service manager alone: everybody may write a line with these ids.
  "_PID=1",
  ...[STARTED, SUCCEEDED, FAILED].map((id) => `MESSAGE_ID=${id}`),
];

/** Units that fail, and those that run again or have done their work after they had failed; without asking again and again. */
export async function* watchUnits(
  machine: Pick<ObserveMachine, "run" | "runLines">,
  clock: () => number,
  signal: AbortSignal,
): AsyncGenerator<EventContent> {
  // From before the question on, so that nothing falls between.
  const since = `--since=@${(clock() / 1000).toFixed(3)}`;
  const list = await machine.run("systemctl", ["list-units", "--state=failed", "--output=json"]);
  const failed = new Set(parseUnitNames(list));
  for await (const line of machine.runLines("journalctl", [since, ...WORDS], signal)) {
    const entry = parseEntry(line) ?? {};
    const [id = "", name = "", result = ""] = FIELDS.map((field) => readField(entry, field));
    if (name === "") continue;
    if (id === FAILED) {
      failed.add(name);
      yield { case: "unit", value: { name, state: "failed", result } };
    } else if (failed.delete(name)) yield { case: "unit", value: { name, state: "recovered" } };
  }
}
