/** A place in a text; lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a key or its value is written, or nothing when that is not certain. */
export type Locate = (keys: readonly (string | number)[], part: "key" | "value") => Position | undefined;

export function toPosition(text: string, offset: number): Position {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
