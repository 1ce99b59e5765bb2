import { join } from "node:path";

import type { Definition } from "#definition/definition.ts";
import type { AptMirrors } from "#system/aptArchive.ts";
import { makeFolder, remove, writeAtomic, writeWithParents } from "#system/files.ts";

export interface MkosiRequest {
  readonly folder: string;
  readonly definition: Definition;
  /** All packages that Socle was asked for and adds itself. */
  readonly packages: readonly string[];
  readonly mirrors: AptMirrors;
}

/** Writes a mkosi project that asks for what the definition asks for; `tree/` in it is copied over the packages. */
export async function writeMkosiProject({
  folder,
  definition,
  packages,
  mirrors,
}: MkosiRequest): Promise<void> {
  // Packages that were downloaded stay.
  for (const name of ["output", "cache", "workspace", "tree", "sandbox", "mkosi.repart"])
    await remove(join(folder, name));
  for (const name of ["output", "cache", "packages", "workspace", "tree"])
    await makeFolder(join(folder, name));
  await writeAtomic(join(folder, "mkosi.conf"), encodeConfiguration(folder, definition, packages));
  await writeWithParents(
    join(folder, "sandbox/etc/apt/sources.list.d/mkosi.sources"),
    encodeSources(definition, mirrors),
  );
  for (const [name, content] of Object.entries(partitionsOf(definition))) {
    await writeWithParents(join(folder, "mkosi.repart", name), content);
  }
}

// Networking, time zone and the like are files; verity and its command line are mkosi's own doing.
function encodeConfiguration(folder: string, definition: Definition, packages: readonly string[]): string {
  const { id, version, distribution, kernel, hostname, locale, timeZone, sourceDateEpoch } = definition;
  return `[Distribution]
Distribution=debian
Release=${distribution.suite}
Architecture=x86-64

[Output]
Format=disk
Output=${id}
ImageId=${id}
ImageVersion=${version}
OutputDirectory=${folder}/output
RepartDirectories=${folder}/mkosi.repart
SplitArtifacts=uki

[Content]
Packages=${[...packages, kernel.package].join(",")}
WithRecommends=no
WithDocs=no
ExtraTrees=${folder}/tree
Bootable=yes
Bootloader=systemd-boot
UnifiedKernelImages=unsigned
KernelCommandLine=console=tty0 console=ttyS0,115200 panic=5
Hostname=${hostname}
Locale=${locale}
Timezone=${timeZone}
SourceDateEpoch=${sourceDateEpoch}

[Validation]
Verity=hash

[Build]
CacheDirectory=${folder}/cache
PackageCacheDirectory=${folder}/packages
WorkspaceDirectory=${folder}/workspace
SandboxTrees=${folder}/sandbox
WithNetwork=no
BuildSources=
History=no
`;
}

function encodeSources({ distribution }: Definition, mirrors: AptMirrors): string {
  const { suite, components } = distribution;
  const stanza = (uri: string, suites: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: ${components.join(" ")}\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`;
  const security = mirrors["debian-security"];
  return [
    stanza(mirrors.debian, `${suite} ${suite}-updates`),
    ...(security === undefined ? [] : [stanza(security, `${suite}-security`)]),
  ].join("\n");
}

/** The partitions of Socle's disk: repart.d(5). An empty second slot is a hole in the image for both. */
function partitionsOf({ disk }: Definition): Record<string, string> {
  const fixed = (sizeBytes: number) => `SizeMinBytes=${sizeBytes}\nSizeMaxBytes=${sizeBytes}\n`;
  return {
    "00-esp.conf": `[Partition]\nType=esp\nFormat=vfat\nCopyFiles=/boot:/\nCopyFiles=/efi:/\n${fixed(disk.espSizeBytes)}`,
    "10-root-a.conf": `[Partition]\nType=root\nFormat=erofs\nCopyFiles=/\nExcludeFiles=/boot/\nExcludeFiles=/efi/\nExcludeFilesTarget=/var/\nVerity=data\nVerityMatchKey=root\n${fixed(disk.rootSlotSizeBytes)}`,
    "11-verity-a.conf": `[Partition]\nType=root-verity\nVerity=hash\nVerityMatchKey=root\n${fixed(disk.veritySlotSizeBytes)}`,
    "20-root-b.conf": `[Partition]\nType=root\nLabel=_empty\n${fixed(disk.rootSlotSizeBytes)}`,
    "21-verity-b.conf": `[Partition]\nType=root-verity\nLabel=_empty\n${fixed(disk.veritySlotSizeBytes)}`,
    "30-var.conf": `[Partition]\nType=var\nFormat=ext4\nCopyFiles=/var:/\nMakeDirectories=/lib\nSizeMinBytes=64M\nSizeMaxBytes=64M\n`,
  };
}
