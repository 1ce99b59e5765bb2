import { toMatchPattern, type ArtifactKind } from "./releaseNames.ts";

/**
 * Transfer files (sysupdate.d(5), systemd 257) with which systemd-sysupdate takes releases from a
 * published channel instead of Socle's own client. It checks what it downloads against SHA256SUMS,
 * which nobody signs: who controls the server or the way to it controls what is written. Only what
 * the boot chain verifies (Secure Boot, the root hash) holds then.
 */
export interface SysupdateSource {
  /** Of the definition. */
  readonly id: string;
  /** Of the channel's files, with a slash at the end: `https://updates.example.org/targets/stable/`. */
  readonly url: string;
  /** Whether releases have a partition with the signature of the root hash. */
  readonly signed: boolean;
  /** Block device or image file to write to; the disk of the running system when absent. */
  readonly disk?: string;
}

/** Content by file name. sysupdate goes by the order of the names: what makes the new system bootable is last. */
export function toSysupdateTransfers({
  id,
  url,
  signed,
  disk = "auto",
}: SysupdateSource): Record<string, string> {
  const toSource = (kind: ArtifactKind) => [
    // There is no SHA256SUMS.gpg; %A is IMAGE_VERSION of os-release: what runs is not written over.
    ["Transfer", "ProtectVersion=%A", "Verify=no"],
    ["Source", "Type=url-file", `Path=${url}`, `MatchPattern=@h.${toMatchPattern(kind, id)}`],
  ];
  const toPartition = (kind: ArtifactKind, type: string) =>
    encode([
      ...toSource(kind),
      [
        "Target",
        "Type=partition",
        `Path=${disk}`,
        `MatchPattern=${id}_@v`,
        `MatchPartitionType=${type}`,
        "ReadOnly=1",
        "InstancesMax=2",
      ],
    ]);
  return {
    "50-root-verity.transfer": toPartition("verity", "root-verity"),
    ...(signed ? { "55-root-verity-sig.transfer": toPartition("root-signature", "root-verity-sig") } : {}),
    "60-root.transfer": toPartition("root", "root"),
    "70-uki.transfer": encode([
      ...toSource("uki"),
      [
        "Target",
        "Type=regular-file",
        "Path=/EFI/Linux",
        "PathRelativeTo=boot",
        // The first is how a new one is written; with the others it finds what is there, tried or good.
        `MatchPattern=${[`${id}_@v+@l-@d.efi`, `${id}_@v+@l.efi`, `${id}_@v.efi`].join(" ")}`,
        "Mode=0644",
        "TriesLeft=3",
        "TriesDone=0",
        "InstancesMax=2",
      ],
    ]),
  };
}

function encode(sections: readonly (readonly string[])[]): string {
  return sections.map(([name, ...lines]) => `[${name}]\n${lines.join("\n")}\n`).join("\n");
}
