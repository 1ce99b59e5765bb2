import type { Refusal } from "./textRules.ts";

const ROOT_HINT = "the root is found by the root hash that the build computes";

/** Words that Socle sets itself, or that would undo them, and what to do instead. */
const OWN_ARGUMENTS: Readonly<Record<string, string>> = {
  root: ROOT_HINT,
  rootfstype: ROOT_HINT,
  rootflags: ROOT_HINT,
  roothash: ROOT_HINT,
  usrhash: ROOT_HINT,
  ro: "the level of immutability decides: set level",
  rw: "the level of immutability decides: set level",
  init: "the init is systemd, and the chain of trust ends in it",
  rdinit: "the initrd starts what verifies the root",
  initrd: "the initrd is part of the signed kernel image",
  panic: "a panic always reboots, so that the boot is counted and the old version can take over",
};

export function refuseKernelArgument(argument: string): Refusal | undefined {
  const name = argument.replace(/=.*/, "").toLowerCase();
  const hint = name.startsWith("systemd.verity")
    ? "verification is set by the level of immutability"
    : Object.hasOwn(OWN_ARGUMENTS, name)
      ? OWN_ARGUMENTS[name]
      : undefined;
  return hint === undefined ? undefined : { wanted: "an argument that Socle does not set itself", hint };
}
