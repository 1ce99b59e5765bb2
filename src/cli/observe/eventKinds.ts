import { InvalidArgumentError } from "@commander-js/extra-typings";

/** As the contract names them; a test compares. Beside them is `missed`, which is always told. */
export const EVENT_KINDS = ["update", "configuration", "control", "access", "debug", "unit"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** `update,configuration`. */
export function parseEventKinds(text: string): readonly EventKind[] {
  return text.split(",").map((word) => {
    const kind = EVENT_KINDS.find((known) => known === word.trim());
    if (kind === undefined) throw new InvalidArgumentError(`write some of ${EVENT_KINDS.join()}`);
    return kind;
  });
}
