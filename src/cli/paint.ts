import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
export type Paint = (style: Style, text: string) => string;

/** Colours for this stream, or none: `styleText` obeys NO_COLOR, FORCE_COLOR, TERM and pipes. */
export function createPaint(stream: NodeJS.WritableStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}

export const plainPaint: Paint = (_, text) => text;
