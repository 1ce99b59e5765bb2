/** Two releases of a small system that differ in everything that is compared, for tests and the benchmark. */
import { createHash } from "node:crypto";

import type { ContentsFile, ReleaseContents } from "../contents.ts";
import type { ReleaseManifest } from "../manifest.ts";
import { parseSha256, type Sha256 } from "../sha256.ts";

export interface SampleRelease {
  readonly manifest: ReleaseManifest;
  readonly contents: ReleaseContents;
}

export function hashOf(text: string): Sha256 {
  return parseSha256(createHash("sha256").update(text).digest("hex"));
}

export function fileOf(path: string, content: string, mode = 0o644): ContentsFile {
  return { path, type: "file", mode, uid: 0, gid: 0, sizeBytes: content.length, sha256: hashOf(content) };
}

function packageOf(name: string, version: string, source = name, sourceVersion = version) {
  return { name, version, architecture: "amd64", source, sourceVersion, licences: [] };
}

const KERNEL = "linux-image-6.12.117+deb13-cloud-amd64";

const shared: Pick<
  ReleaseManifest,
  "apiVersion" | "kind" | "id" | "suite" | "sourceDate" | "sizes" | "signing"
> = {
  apiVersion: "socle/v1",
  kind: "ReleaseManifest",
  id: "edge",
  signing: { development: false, secureBootCertificate: hashOf("certificate") },
  suite: "trixie",
  sourceDate: "2026-01-01T00:00:00Z",
  sizes: {
    diskBytes: 2 ** 31,
    espBytes: 2 ** 28,
    rootSlotBytes: 629_145_600,
    veritySlotBytes: 6_291_456,
  },
};

function artifactsOf(version: string, rootBytes: number): ReleaseManifest["artifacts"] {
  return [
    { kind: "root", name: `edge_${version}_a.root`, sizeBytes: rootBytes, sha256: hashOf(`root ${version}`) },
    {
      kind: "verity",
      name: `edge_${version}_b.verity`,
      sizeBytes: 2_785_280,
      sha256: hashOf(`verity ${version}`),
    },
    { kind: "uki", name: `edge_${version}.efi`, sizeBytes: 32_919_040, sha256: hashOf(`uki ${version}`) },
  ];
}

export const older: SampleRelease = {
  manifest: {
    ...shared,
    version: "1.0",
    level: "sealed",
    policies: { usr: "verified", etc: "rendered", var: "persistent-noexec" },
    executionControl: "signed",
    rootHash: hashOf("root hash 1.0"),
    kernelVersion: "6.12.117+deb13-cloud-amd64",
    kernelCommandLine: `ro roothash=${hashOf("root hash 1.0")} console=tty0 console=ttyS0,115200 quiet`,
    definitionDigest: hashOf("definition 1.0"),
    lockDigest: hashOf("lock 1.0"),
    artifacts: artifactsOf("1.0", 351_989_760),
  },
  contents: {
    apiVersion: "socle/v1",
    kind: "ReleaseContents",
    id: "edge",
    version: "1.0",
    packages: [
      packageOf("libssl3t64", "3.5.1-1", "openssl"),
      packageOf(KERNEL, "6.12.117-1", "linux-signed-amd64"),
      packageOf("nano", "8.4-1"),
      packageOf("openssl", "3.5.1-1"),
      packageOf("zstd", "1.5.7-2"),
    ],
    files: [
      { path: "/usr/bin", type: "directory", mode: 0o755, uid: 0, gid: 0 },
      fileOf("/usr/bin/nano", "nano", 0o755),
      fileOf("/usr/bin/openssl", "openssl 3.5.1", 0o755),
      fileOf("/usr/bin/passwd", "passwd", 0o4755),
      { ...fileOf("/usr/bin/ping", "ping", 0o755), capabilities: "0100000200200000000000000000000000000000" },
      { path: "/usr/bin/editor", type: "symlink", mode: 0o777, uid: 0, gid: 0, target: "nano" },
      fileOf("/usr/lib/os-release", "1.0"),
    ].sort((a, b) => (a.path < b.path ? -1 : 1)) as ContentsFile[],
    units: [
      { name: "nginx.service", state: "disabled" },
      { name: "systemd-timesyncd.service", state: "enabled" },
    ],
    listeners: [{ unit: "socle-agent.socket", protocol: "tcp", port: 7443, address: "*" }],
    fixes: {
      openssl: [{ version: "3.5.1-1", cves: ["CVE-2025-9999"] }],
      zstd: [{ version: "1.5.7-2", cves: ["CVE-2026-1111"] }],
    },
  },
};

export const newer: SampleRelease = {
  manifest: {
    ...shared,
    version: "1.1",
    level: "semi",
    policies: { usr: "verified", etc: "overlay", var: "persistent" },
    executionControl: "off",
    rootHash: hashOf("root hash 1.1"),
    kernelVersion: "6.12.118+deb13-cloud-amd64",
    kernelCommandLine: `ro roothash=${hashOf("root hash 1.1")} console=tty0 console=ttyS0,115200 lockdown=integrity`,
    definitionDigest: hashOf("definition 1.1"),
    lockDigest: hashOf("lock 1.1"),
    artifacts: artifactsOf("1.1", 360_710_144),
  },
  contents: {
    apiVersion: "socle/v1",
    kind: "ReleaseContents",
    id: "edge",
    version: "1.1",
    packages: [
      packageOf("chrony", "4.6.1-3"),
      packageOf("libssl3t64", "3.5.4-1~deb13u2", "openssl"),
      packageOf(KERNEL.replace("117", "118"), "6.12.118-1", "linux-signed-amd64"),
      packageOf("openssl", "3.5.4-1~deb13u2"),
      packageOf("zstd", "1.5.6-1"),
    ],
    files: [
      { path: "/usr/bin", type: "directory", mode: 0o755, uid: 0, gid: 0 },
      fileOf("/usr/bin/newgrp", "newgrp", 0o4755),
      fileOf("/usr/bin/openssl", "openssl 3.5.4 and more", 0o755),
      fileOf("/usr/bin/passwd", "passwd", 0o4755),
      fileOf("/usr/bin/ping", "ping", 0o755),
      { path: "/usr/bin/editor", type: "symlink", mode: 0o777, uid: 0, gid: 0, target: "vi" },
      fileOf("/usr/lib/os-release", "1.1", 0o640),
    ].sort((a, b) => (a.path < b.path ? -1 : 1)) as ContentsFile[],
    units: [
      { name: "chrony.service", state: "enabled" },
      { name: "nginx.service", state: "enabled" },
    ],
    listeners: [
      { unit: "socle-agent.socket", protocol: "tcp", port: 7443, address: "*" },
      { unit: "ssh.socket", protocol: "tcp", port: 22, address: "*" },
    ],
    fixes: {
      openssl: [
        { version: "3.5.4-1~deb13u2", cves: ["CVE-2026-12340", "CVE-2026-9999"] },
        { version: "3.5.4-1~deb13u1", cves: ["CVE-2025-12345"] },
        { version: "3.5.1-1", cves: ["CVE-2025-9999"] },
      ],
    },
  },
};
