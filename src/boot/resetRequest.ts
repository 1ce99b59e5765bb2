/**
 * What the machine says to the initrd of its next start: to make /var anew. A file on /var itself, so that a power cut loses
 * neither the request nor the work; the initrd (resetScript.ts) removes it last. docs/control.md
 */

export const RESET_REQUEST_PATH = "/var/lib/socle/reset";

/** Of the image: what /var holds when a disk is new. file-hierarchy(7) */
export const VAR_FACTORY_FOLDER = "/usr/share/factory/var";

/** The first line of the file. */
export const RESET_KINDS = ["everything", "keep-configuration"] as const;
export type ResetKind = (typeof RESET_KINDS)[number];

export interface ResetRequest {
  readonly kind: ResetKind;
  /** UUID of the boot that it was asked for in: only the next one shall do it. */
  readonly bootId: string;
  /** Who has asked for it, for the log of the kernel: the journal is gone by then. */
  readonly caller: string;
}

/** A line each. The shell takes the caller's name as it is, so nothing that a shell or a terminal understands stays in it. */
export function encodeResetRequest({ kind, bootId, caller }: ResetRequest): string {
  return `${kind}\n${bootId}\n${caller.replaceAll(/[^A-Za-z0-9@._ -]/g, "?").slice(0, 64)}\n`;
}

/** Undefined for what is no request; the initrd takes it for none either. */
export function parseResetRequest(text: string): ResetRequest | undefined {
  const [word, bootId = "", caller = ""] = text.split("\n");
  const kind = RESET_KINDS.find((known) => known === word);
  return kind === undefined ? undefined : { kind, bootId, caller };
}
