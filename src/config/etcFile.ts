/** What lies over the image's /etc. */
export type EtcFile = EtcText | EtcLink;

export interface EtcText {
  /** Below /etc: `systemd/network/50-socle-00.network`. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  /** The content of the image's own file of this path comes first, where it has one. */
  readonly afterImage?: true;
}

export interface EtcLink {
  readonly path: string;
  readonly target: string;
}

export function toText(path: string, content: string, mode = 0o644): EtcText {
  return { path, content, mode };
}

/** `KEY=VALUE` for each value that there is: the form of systemd.syntax(7). */
export function assign(key: string, ...values: readonly (string | number | undefined)[]): string[] {
  return values.flatMap((value) => (value === undefined ? [] : [`${key}=${value}`]));
}

/** `[NAME]`, the lines and an empty one; nothing without lines. */
export function section(name: string, ...lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`[${name}]`, ...lines, ""];
}
