import { wrapText } from "../diff/wrapText.ts";
import { padToWidth } from "../fitToWidth.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import type { Marks } from "../marks.ts";
import type { Paint } from "../paint.ts";
import type { GateDocument } from "./updateStateDocument.ts";

/** How text is put on the terminal, and when. */
export interface View {
  readonly marks: Marks;
  readonly paint: Paint;
  readonly now: Date;
  /** How this program is called in what is said to be done next. */
  readonly command: string;
}

const WIDTH = 80;
/** The longest, `boot-folder-space`. */
const NAME_WIDTH = 17;
const INDENT = " ".repeat(2 + NAME_WIDTH + 2);

/** `✗ window   closed now`, below it when it opens and what to do; ends with a line break. */
export function renderGates(gates: readonly GateDocument[], view: View): string {
  return gates.map((gate) => `${renderGate(gate, view).join("\n")}\n`).join("");
}

function renderGate(gate: GateDocument, view: View): string[] {
  const says = gate.lookedAt ? gate.says : `not looked at${gate.says === "" ? "" : `: ${gate.says}`}`;
  const automatic = gate.automaticOnly && gate.lookedAt && !gate.open ? " (automatic updates only)" : "";
  const [first = "", ...rest] = wrapText(`${says}${automatic}`, WIDTH, INDENT, INDENT);
  const start = `${toMark(gate, view)} ${padToWidth(gate.name, NAME_WIDTH)}  `;
  const lines = [start + first.slice(INDENT.length), ...rest];
  if (gate.open || !gate.lookedAt) return lines;
  if (gate.opensAt !== null)
    lines.push(`${INDENT}opens ${formatRelativeTime(new Date(gate.opensAt), view.now)}`);
  if (gate.hint !== null) lines.push(...wrapText(gate.hint, WIDTH, `${INDENT}Fix  `, `${INDENT}     `));
  return lines;
}

function toMark({ open, lookedAt, automaticOnly }: GateDocument, { marks, paint }: View): string {
  if (!lookedAt) return paint("dim", marks.unknown);
  if (open) return paint("green", marks.ok);
  return automaticOnly ? paint("yellow", marks.warning) : paint("red", marks.failed);
}
