import type { TreePolicies } from "#definition/levels.ts";

/** How a boot finds its root: by the hash that the kernel verifies, or, at `classic`, by its partition. */
export type RootReference =
  | { readonly kind: "verity"; readonly rootHash: string }
  | { readonly kind: "partition"; readonly uuid: string };

/**
 * The command line that goes into the unified kernel image. It names no slot: the root hash finds
 * its partitions wherever they are.
 */
export function toKernelCommandLine(root: RootReference, extra: readonly string[]): string {
  return [
    ...(root.kind === "verity" ? toVerityArguments(root.rootHash) : ["rw", `root=PARTUUID=${root.uuid}`]),
    "console=tty0",
    "console=ttyS0,115200",
    // Without it a panic, and so a failed initrd or a corrupt block, would hang for ever.
    "panic=5",
    // A kernel that has lost a thread in the middle of its work is not to be trusted with what comes after.
    "oops=panic",
    ...extra,
  ].join(" ");
}

function toVerityArguments(rootHash: string): string[] {
  return [
    "ro",
    `roothash=${rootHash}`,
    "systemd.verity_root_options=panic-on-corruption",
    // Linux looks at the backup of the partition table only if told so; a cut can leave it the only valid copy.
    "gpt",
    // The device of a mounted file system cannot be written past it, so that /var cannot be forged under the kernel.
    "bdev_allow_write_mounted=off",
  ];
}

export function toRootReference(
  policies: TreePolicies,
  rootHash: string | undefined,
  rootUuid: string,
): RootReference {
  if (policies.usr === "writable") return { kind: "partition", uuid: rootUuid };
  if (rootHash === undefined) throw new TypeError("A verified root needs its root hash");
  return { kind: "verity", rootHash };
}
