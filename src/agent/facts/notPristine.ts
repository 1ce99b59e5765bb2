/**
 * On the EFI system partition, where neither an update nor a way back nor a reset writes: gone with a new image alone. Not
 * signed, so whoever has the disk can take it away. docs/break-glass.md.
 */
export const NOT_PRISTINE_PATH = "/boot/socle/not-pristine.json";

/** The first debug session since the machine was imaged. */
export interface NotPristine {
  /** RFC 3339; empty when the mark does not say. */
  readonly since: string;
  readonly who: string;
  readonly reason: string;
  /** Of the session. */
  readonly id: string;
}

export function encodeNotPristine(mark: NotPristine): string {
  return `${JSON.stringify({ apiVersion: "socle/v1", kind: "NotPristine", ...mark }, null, 2)}\n`;
}

/** That the file is there is the mark: one that is damaged, or empty after a power cut, says the same with fewer words. */
export function parseNotPristine(text: string): NotPristine {
  const found = parseObject(text);
  // Whoever has the disk can write what he likes: nothing that a terminal would obey.
  const read = (key: keyof NotPristine) =>
    typeof found[key] === "string" ? found[key].replaceAll(/\p{Cc}/gu, " ") : "";
  const since = read("since");
  return {
    since: Number.isNaN(Date.parse(since)) ? "" : since,
    who: read("who"),
    reason: read("reason"),
    id: read("id"),
  };
}

/** One sentence, as a problem of the machine. */
export function describeNotPristine({ since, who, reason }: NotPristine): string {
  if (since === "") return "not pristine: there was a debug session, and its mark cannot be read";
  return `not pristine: "${who}" had a debug session at ${since}: ${reason}`;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null ? (found as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
