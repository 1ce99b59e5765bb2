/** A comparison as people read it, in whatever form: the terminal and the page draw the same sections. */
export interface Section {
  /** For links. */
  readonly id: string;
  readonly title: string;
  /** What the section comes to, e.g. `2 upgraded, 1 added`. */
  readonly summary: string;
  /** What the rows are about, as a column's header. */
  readonly subject: string;
  readonly rows: readonly Row[];
  /** A terminal shows these in place of the rows, unless it is asked for all of them. */
  readonly outline?: readonly Row[];
}

/** `!` is for what a person should look at: something new that makes a system less safe. */
export type Mark = "+" | "-" | "~" | "!" | " ";

export interface Row {
  readonly mark: Mark;
  readonly subject: string;
  /** Where there is only one of the two, the other side has nothing. */
  readonly from?: string;
  readonly to?: string;
  /** What happened, in words; a mark never tells alone. */
  readonly word: string;
  /** More, often much: CVE numbers. */
  readonly details?: readonly string[];
}

/** `1 unit`, `1,204 files`. */
export function count(amount: number, noun: string): string {
  return `${amount.toLocaleString("en")} ${noun}${amount === 1 ? "" : "s"}`;
}

/** `2 added, 1 removed`; what did not happen is not told. */
export function countAll(amounts: readonly (readonly [amount: number, word: string])[]): string {
  const told = amounts.filter(([amount]) => amount > 0);
  return told.map(([amount, word]) => `${amount.toLocaleString("en")} ${word}`).join(", ");
}
