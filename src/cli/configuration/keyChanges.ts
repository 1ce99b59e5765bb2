import { toVisibleText } from "../diff/visibleText.ts";
import { fitToWidth } from "../fitToWidth.ts";

/** A key of a document that differs, with its values as JSON; null where it is not there. */
export interface ShownKeyChange {
  readonly path: string;
  readonly from: string | null;
  readonly to: string | null;
}

const VALUE_WIDTH = 60;

/** `~ hostname  "a" → "b"`, `+ time  {…}`, `- logs  {…}`. */
export function renderKeyChanges(changes: readonly ShownKeyChange[]): string[] {
  return changes.map(({ path, from, to }) => {
    const name = toVisibleText(path);
    if (from === null) return `+ ${name}  ${toValue(to)}`;
    if (to === null) return `- ${name}  ${toValue(from)}`;
    return `~ ${name}  ${toValue(from)} → ${toValue(to)}`;
  });
}

function toValue(json: string | null): string {
  return fitToWidth(toVisibleText(json ?? ""), VALUE_WIDTH);
}
