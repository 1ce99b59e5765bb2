export interface VerityStatus {
  /** `unknown`: the device is dm-verity, but its state could not be read. */
  readonly state: "verified" | "corrupted" | "unknown";
  /** Lowercase hex; undefined when it could not be read. */
  readonly rootHash: string | undefined;
  /** Whether the kernel checked a signature of the root hash when the device was opened. */
  readonly signed: boolean;
  readonly flags: readonly string[];
}

export const UNKNOWN_VERITY: VerityStatus = {
  state: "unknown",
  rootHash: undefined,
  signed: false,
  flags: [],
};

/**
 * Output of `veritysetup status NAME`, cryptsetup 2.6 to 2.8: libcryptsetup asks the kernel for the
 * table and the status of the device, so nothing in it comes from the disk or the command line.
 */
export function parseVeritySetupStatus(text: string): VerityStatus {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, key, value] = /^ +([^:]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, value);
  }
  const [, state, signed] =
    /^(verified|corrupted)( \(with signature\))?$/.exec(fields.get("status") ?? "") ?? [];
  const rootHash = fields.get("root hash");
  return {
    state: state === "verified" || state === "corrupted" ? state : "unknown",
    rootHash: rootHash !== undefined && /^[0-9a-f]+$/.test(rootHash) ? rootHash : undefined,
    signed: signed !== undefined,
    flags: (fields.get("flags") ?? "").split(" ").filter((flag) => flag !== ""),
  };
}
