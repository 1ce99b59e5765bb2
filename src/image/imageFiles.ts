import type { Definition } from "#definition/definition.ts";
import { toLevelName } from "#definition/levels.ts";
import { ROOT_PARTITION_NUMBERS } from "#boot/diskLayout.ts";
import { encodeFstab, hasVarPartition, VAR_MOUNTS } from "#boot/levelMounts.ts";
import { systemUuidOf } from "#boot/partitionUuids.ts";

import { toSourceDate } from "#release/manifest.ts";

import { agentFiles } from "./agentFiles.ts";
import { bootOptionsFiles } from "./bootOptionsFiles.ts";
import type { BuildSigning } from "./buildSigning.ts";
import { configurationFiles } from "./configurationFiles.ts";
import { controlFiles } from "./controlFiles.ts";
import { debugFiles } from "./debugFiles.ts";
import { espFiles } from "./espFiles.ts";
import { healthFiles } from "./healthFiles.ts";
import { leanBootFiles } from "./leanBootFiles.ts";
import { loginFiles } from "./loginFiles.ts";
import { lookFiles } from "./lookFiles.ts";
import { noticeFiles } from "./noticeFiles.ts";
import { updateFiles } from "./updateFiles.ts";
import { updaterFiles } from "./updaterFiles.ts";
import { watchdogFiles } from "./watchdogFiles.ts";

/** A file or symlink that the build adds to the packages' tree. */
export type ImageFile =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly content: string | Uint8Array;
      readonly mode: number;
      readonly owner: string;
    }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string };

/** Everything that the build itself and the definition put into the image, later ones over earlier ones. */
export function listImageFiles(definition: Definition, signing: BuildSigning): ImageFile[] {
  return [
    ...identityFiles(definition, signing),
    ...trustFiles(definition, signing),
    ...stateFiles(definition),
    ...networkFiles(),
    ...serviceFiles(),
    ...configurationFiles(definition),
    ...agentFiles(definition),
    ...lookFiles(),
    ...noticeFiles(),
    ...bootOptionsFiles(),
    ...loginFiles(definition),
    ...leanBootFiles(definition),
    ...controlFiles(definition),
    ...debugFiles(definition),
    ...healthFiles(definition),
    ...updateFiles(definition),
    ...updaterFiles(definition),
    ...watchdogFiles(definition),
    ...espFiles(definition),
    ...Object.entries(definition.files).map(([path, file]): ImageFile => ({
      kind: "file",
      path,
      content: Buffer.from(file.content, file.encoding),
      mode: file.mode,
      owner: file.owner,
    })),
  ];
}

function text(path: string, content: string, mode = 0o644): ImageFile {
  return { kind: "file", path, content, mode, owner: "root:root" };
}

function symlink(path: string, target: string): ImageFile {
  return { kind: "symlink", path, target };
}

function identityFiles(definition: Definition, { development }: BuildSigning): ImageFile[] {
  const { id, version, name, policies, executionControl, bootTries, sourceDateEpoch } = definition;
  const image = {
    id,
    version,
    name,
    level: toLevelName(policies),
    policies,
    rootSlots: policies.usr === "verified" ? ROOT_PARTITION_NUMBERS : { A: ROOT_PARTITION_NUMBERS.A },
    executionControl,
    bootTries,
    sourceDate: toSourceDate(sourceDateEpoch),
    signing: development ? "development" : "project",
  };
  return [
    text("/usr/lib/os-release", encodeOsRelease(definition)),
    text("/usr/lib/socle/image.json", `${JSON.stringify(image, null, 2)}\n`),
    text("/etc/hostname", `${definition.hostname}\n`),
    text("/etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"),
    text("/etc/locale.conf", `LANG=${definition.locale}\n`),
    symlink("/etc/localtime", `/usr/share/zoneinfo/${definition.timeZone}`),
    // Empty, not "uninitialized": that would make every boot of a read-only /etc a first boot.
    text("/etc/machine-id", "", 0o444),
  ];
}

/** What a machine checks updates and extensions with. */
function trustFiles(
  { executionControl }: Definition,
  { trustedRoot, extensionCertificates }: BuildSigning,
): ImageFile[] {
  return [
    text("/usr/share/socle/trust/root.json", trustedRoot),
    ...extensionCertificates.map((certificate, index) =>
      text(`/usr/lib/verity.d/socle-${index + 1}.crt`, certificate),
    ),
    // Whoever has this capability could switch the kernel's execution policy off (IPE).
    ...(executionControl === "signed"
      ? [
          text(
            "/usr/lib/systemd/system.conf.d/socle-execution.conf",
            "# Nobody, root included, may switch the execution policy off. systemd-system.conf(5)\n[Manager]\nCapabilityBoundingSet=~CAP_MAC_ADMIN\n",
          ),
        ]
      : []),
  ];
}

/** os-release(5). */
export function encodeOsRelease({ id, version, name, distribution }: Definition): string {
  const quote = (value: string) => `"${value.replaceAll(/["$\\`]/g, "\\$&")}"`;
  return [
    `ID=${id}`,
    "ID_LIKE=debian",
    `NAME=${quote(name)}`,
    `PRETTY_NAME=${quote(`${name} ${version}`)}`,
    `VERSION_ID=${version}`,
    `IMAGE_ID=${id}`,
    `IMAGE_VERSION=${version}`,
    `VERSION_CODENAME=${distribution.suite}`,
    `DEBIAN_CODENAME=${distribution.suite}`,
    "",
  ].join("\n");
}

function stateFiles({ id, policies, kernel }: Definition): ImageFile[] {
  const uuids = { root: systemUuidOf(id, "root"), var: systemUuidOf(id, "var") };
  const files = [
    text("/etc/fstab", encodeFstab(policies, uuids)),
    text("/etc/modules-load.d/socle.conf", kernel.modules.map((module) => `${module}\n`).join("")),
  ];
  if (hasVarPartition(policies)) {
    files.push(
      text(
        "/usr/lib/repart.d/50-var.conf",
        "# Grows /var to the end of the disk. repart.d(5)\n[Partition]\nType=var\nLabel=var\n",
      ),
      // The file system can grow only after its partition has.
      text(
        "/usr/lib/systemd/system/systemd-growfs@var.service.d/socle.conf",
        "[Unit]\nAfter=systemd-repart.service\n",
      ),
    );
  }
  if (policies.usr === "writable") {
    files.push(
      text(
        "/usr/lib/repart.d/50-root.conf",
        "# Grows the root to the end of the disk. repart.d(5)\n[Partition]\nType=root\n",
      ),
      text(
        "/usr/lib/systemd/system/systemd-growfs-root.service.d/socle.conf",
        "[Unit]\nAfter=systemd-repart.service\n",
      ),
    );
  }
  if (VAR_MOUNTS[policies.var]?.fileSystem === "tmpfs") {
    files.push(text("/usr/lib/systemd/journald.conf.d/socle.conf", "[Journal]\nStorage=volatile\n"));
  }
  return files;
}

function networkFiles(): ImageFile[] {
  return [
    text(
      "/usr/lib/systemd/network/89-socle-dhcp.network",
      "# What a machine does until its configuration says otherwise. systemd.network(5)\n[Match]\nType=ether\nKind=!*\n\n[Network]\nDHCP=yes\n",
    ),
    symlink("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf"),
    // Else it listens for everybody's questions on the network. resolved.conf(5)
    text("/usr/lib/systemd/resolved.conf.d/socle.conf", "[Resolve]\nLLMNR=no\nMulticastDNS=no\n"),
  ];
}

function serviceFiles(): ImageFile[] {
  const units = "/usr/lib/systemd/system";
  const files = [
    symlink(`${units}/default.target`, "multi-user.target"),
    // A boot is good when everything of multi-user.target has started: then systemd-bless-boot takes the counter away.
    text(
      `${units}/boot-complete.target.d/socle.conf`,
      "[Unit]\nRequires=multi-user.target socle-agent.service\nAfter=multi-user.target socle-agent.service\n",
    ),
  ];
  files.push(
    text("/usr/lib/socle/is-counted-boot", IS_COUNTED_BOOT, 0o755),
    text(
      `${units}/systemd-bless-boot.service.d/socle.conf`,
      "[Service]\nExecCondition=/usr/lib/socle/is-counted-boot\n",
    ),
  );
  return files;
}

/**
 * systemd-boot says in a variable which image it counts. When the firmware refuses that one and the
 * loader is started again, the variable still names the refused image, which would then be blessed.
 */
const IS_COUNTED_BOOT = `#!/bin/sh
# Whether the image that runs is the one that systemd-boot counted. Each variable: four bytes of attributes, UTF-16.
variable() { tr -cd '[:print:]' < "/sys/firmware/efi/efivars/$1-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"; }
[ "$(variable LoaderBootCountPath)" = "$(variable StubImageIdentifier)" ]
`;
