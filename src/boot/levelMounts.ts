import type { EtcPolicy, TreePolicies, VarPolicy } from "#definition/levels.ts";

/** How /var is mounted by each policy; undefined where it is part of the root. */
export const VAR_MOUNTS: Readonly<
  Record<VarPolicy, { fileSystem: "ext4" | "tmpfs"; options: string } | undefined>
> = {
  writable: undefined,
  persistent: { fileSystem: "ext4", options: "rw,nosuid,nodev" },
  "persistent-noexec": { fileSystem: "ext4", options: "rw,nosuid,nodev,noexec" },
  temporary: { fileSystem: "tmpfs", options: "rw,nosuid,nodev,noexec,mode=0755,size=50%" },
};

/** Who puts /etc in place: the image alone, the initrd, or the agent's renderer early in the boot. */
export const ETC_MOUNTS: Readonly<Record<EtcPolicy, "image" | "initrd-overlay" | "rendered-overlay">> = {
  writable: "image",
  overlay: "initrd-overlay",
  rendered: "rendered-overlay",
  "read-only": "image",
};

export function hasVarPartition(policies: TreePolicies): boolean {
  return VAR_MOUNTS[policies.var]?.fileSystem === "ext4";
}

/** The image's /etc/fstab. What the initrd has mounted already is listed so that systemd grows and unmounts it. */
export function encodeFstab(policies: TreePolicies, uuids: { root: string; var: string }): string {
  const lines = ["# Made by the build. fstab(5)"];
  if (policies.usr === "writable") lines.push(`PARTUUID=${uuids.root} / ext4 rw,x-systemd.growfs 0 1`);
  const mount = VAR_MOUNTS[policies.var];
  switch (mount?.fileSystem) {
    case undefined:
      break;
    case "ext4":
      // Pass number 0: the initrd has checked it before it was mounted.
      lines.push(`PARTUUID=${uuids.var} /var ext4 ${mount.options},x-systemd.growfs 0 0`);
      break;
    case "tmpfs":
      lines.push(`tmpfs /var tmpfs ${mount.options} 0 0`);
      break;
  }
  return `${lines.join("\n")}\n`;
}
