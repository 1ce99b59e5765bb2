import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { AUTHORITY } from "#config/certificates.fixture.ts";
import { encodeGeneration } from "#config/generationRecord.ts";
import { confirm, startTrial } from "#config/generations.ts";
import { bundleProgram } from "#image/bundleProgram.ts";
import { PROJECT_ROOT } from "#system/workspace.ts";

/** Its own mounts, host name and PID 1: in there the program runs on the very paths of a machine. */
const ISOLATED = ["unshare", "--map-root-user", "--mount", "--uts", "--pid", "--fork", "--mount-proc"];

const MACHINE_ID = "0123456789abcdef0123456789abcdef";
function toDocument(hostname: string, address: string): string {
  const interfaces = [{ match: { name: "en*" }, addresses: [address], gateway: "192.0.2.1" }];
  const trust = { authorities: [AUTHORITY] };
  return JSON.stringify({
    apiVersion: "socle/v1",
    kind: "MachineConfiguration",
    hostname,
    network: { interfaces },
    trust,
  });
}

const generation = confirm(
  startTrial(
    1,
    { document: toDocument("edge-02", "192.0.2.11/24"), who: "ada", reason: "", bootId: "" },
    new Date(0),
  ),
);

const DOCUMENT = toDocument("edge-01", "192.0.2.10/24");
const IMAGE = JSON.stringify({ version: "1.0", policies: { etc: "rendered" } });

/**
 * $1 Node, $2 the program, $3 the document of the credential, $4 a generation, $5 what the image says it is. Each line of
 * the output is one fact.
 */
const BOOT = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/socle /run/credentials
mkdir -p /usr/lib/socle /var/lib/socle
mount -t tmpfs tmpfs /usr/lib/socle
mount -t tmpfs tmpfs /var/lib/socle
printf '%s' "$5" > /usr/lib/socle/image.json
printf '%s' "$3" > /run/credentials/socle.config
echo ${MACHINE_ID} > /run/id
mount -t tmpfs tmpfs /etc
mkdir -p /etc/systemd/network /etc/ssl/certs
echo image > /etc/ssl/certs/ca-certificates.crt
echo image > /etc/hostname
echo kept > /etc/motd
: > /etc/machine-id
mount -o remount,ro /etc
mount --bind /run/id /etc/machine-id

export CREDENTIALS_DIRECTORY=/run/credentials
"$1" --jitless "$2" > /run/log || { cat /run/log; exit 1; }
"$1" --jitless "$2" >> /run/log || { cat /run/log; exit 1; }

echo "hostname $(cat /proc/sys/kernel/hostname) $(cat /etc/hostname)"
echo "machine-id $(cat /etc/machine-id)"
echo "motd $(cat /etc/motd)"
echo "network $(grep Address= /etc/systemd/network/50-socle-00.network)"
echo "overlays $(grep -c ' /etc .* - overlay ' /proc/self/mountinfo)"
echo "layer $(ls /run/socle/etc | grep -c .)"
echo "certificates $(grep -c -e image -e BEGIN /etc/ssl/certs/ca-certificates.crt)"
mkdir -p /var/lib/socle/config/generations
printf '%s' "$4" > /var/lib/socle/config/generations/1.json
(cd /etc/systemd; "$1" --jitless "$2" --again >> /run/log || { cat /run/log; exit 1; })
echo "again $(cat /proc/sys/kernel/hostname) $(cat /etc/hostname) $(cat /etc/machine-id)"
echo "certificates $(grep -c -e image -e BEGIN /etc/ssl/certs/ca-certificates.crt)"
echo "network $(grep Address= /etc/systemd/network/50-socle-00.network)"
echo "overlays $(grep -c ' /etc .* - overlay ' /proc/self/mountinfo)"
echo "layer $(ls /run/socle/etc | grep -c .)"
echo "outcome $(tr -d '\\n' < /run/socle/configuration.json)"
attempt() { if "$@" 2> /dev/null; then echo "possible: $*"; else echo "refused: $*"; fi; }
attempt touch /etc/hostname
attempt touch /etc/new
attempt mount -o remount,rw /etc
attempt touch /etc/new
`;

const canIsolate = spawnSync("unshare", [...ISOLATED.slice(1), "true"]).status === 0;

test(
  "on a machine's own paths /etc becomes one read-only overlay that nobody can write to",
  { skip: canIsolate ? false : "namespaces cannot be made here" },
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "socle-configure-"));
    const program = join(folder.path, "configure.mjs");
    await bundleProgram({ entry: "src/agent/configure.ts", outFile: program, projectFolder: PROJECT_ROOT });
    const argv = [
      ...ISOLATED,
      "sh",
      "-u",
      "-c",
      BOOT,
      "sh",
      process.execPath,
      program,
      DOCUMENT,
      encodeGeneration(generation),
      IMAGE,
    ];
    const output = execFileSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" });
    assert.deepEqual(output.trimEnd().split("\n"), [
      "hostname edge-01 edge-01",
      `machine-id ${MACHINE_ID}`,
      "motd kept",
      "network Address=192.0.2.10/24",
      "overlays 1",
      "layer 0",
      "certificates 2",
      `again edge-02 edge-02 ${MACHINE_ID}`,
      "certificates 2",
      "network Address=192.0.2.11/24",
      "overlays 1",
      "layer 0",
      'outcome {  "state": "applied",  "source": "generation",  "generation": 1,  "problems": []}',
      "refused: touch /etc/hostname",
      "refused: touch /etc/new",
      "refused: mount -o remount,rw /etc",
      "refused: touch /etc/new",
    ]);
  },
);

/** $1 Node, $2 configure.mjs, $3 the program that applies, $4 and $5 documents, $6 what the image says it is. */
const APPLY = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/socle /usr/lib/socle /var/lib/socle
mount -t tmpfs tmpfs /usr/lib/socle
mount -t tmpfs tmpfs /var/lib/socle
printf '%s' "$6" > /usr/lib/socle/image.json
mount -t tmpfs tmpfs /etc
echo image > /etc/hostname
mount -o remount,ro /etc
"$1" --jitless "$2" > /run/log || { cat /run/log; exit 1; }
"$1" --jitless "$3" "$2" "$4" "$5" || { cat /run/log; exit 1; }
echo "overlays $(grep -c ' /etc .* - overlay ' /proc/self/mountinfo)"
echo "records $(stat -c %a /var/lib/socle/config /var/lib/socle/config/generations/* | tr '\\n' ' ')"
`;

test(
  "on a machine's own paths a document is put in force while it runs, and a trial goes back by itself",
  { skip: canIsolate ? false : "namespaces cannot be made here" },
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "socle-apply-"));
    const bundle = async (entry: string, name: string) => {
      const outFile = join(folder.path, name);
      await bundleProgram({ entry, outFile, projectFolder: PROJECT_ROOT });
      return outFile;
    };
    const programs = [
      await bundle("src/agent/configure.ts", "configure.mjs"),
      await bundle("src/agent/configuration/applyOnMachine.fixture.ts", "apply.mjs"),
    ];
    const documents = [toDocument("edge-01", "192.0.2.10/24"), toDocument("edge-02", "192.0.2.11/24")];
    const argv = [
      ...ISOLATED,
      "sh",
      "-u",
      "-c",
      APPLY,
      "sh",
      process.execPath,
      ...programs,
      ...documents,
      IMAGE,
    ];
    const output = execFileSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" });
    assert.deepEqual(output.trimEnd().split("\n"), [
      "validated: the document is right: 5 keys and 3 files change",
      "written: it is generation 1",
      "restart systemd-hostnamed.service",
      "reload systemd-networkd.service",
      "applied: the machine follows it",
      "healthy: the machine is healthy with it",
      "done: generation 1 is in force",
      "host name edge-01",
      "host name edge-01",
      "validated: the document is right: 2 keys and 2 files change",
      "written: it is generation 2",
      "restart systemd-hostnamed.service",
      "reload systemd-networkd.service",
      "applied: the machine follows it",
      "healthy: the machine is healthy with it",
      "done: generation 2 is in force on trial: it goes back by itself in 1 s unless it is confirmed",
      "host name edge-02",
      "restart systemd-hostnamed.service",
      "reload systemd-networkd.service",
      "host name edge-01",
      "1 current, 2 reverted",
      "overlays 1",
      "records 700 600 600",
    ]);
  },
);
