import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { bundleProgram } from "#image/bundleProgram.ts";
import { PROJECT_ROOT } from "#system/workspace.ts";

/** Its own mounts, host name and PID 1: in there the program runs on the very paths of a machine. */
const ISOLATED = ["unshare", "--map-root-user", "--mount", "--uts", "--pid", "--fork", "--mount-proc"];

const MACHINE_ID = "0123456789abcdef0123456789abcdef";
const DOCUMENT = JSON.stringify({
  apiVersion: "socle/v1",
  kind: "MachineConfiguration",
  hostname: "edge-01",
  network: { interfaces: [{ match: { name: "en*" }, addresses: ["192.0.2.10/24"], gateway: "192.0.2.1" }] },
});

/** $1 Node, $2 the program, $3 the document. Each line of the output is one fact. */
const BOOT = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/socle /run/credentials
printf '%s' "$3" > /run/credentials/socle.config
echo ${MACHINE_ID} > /run/id
mount -t tmpfs tmpfs /etc
mkdir -p /etc/systemd/network
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
    const argv = [...ISOLATED, "sh", "-u", "-c", BOOT, "sh", process.execPath, program, DOCUMENT];
    const output = execFileSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" });
    assert.deepEqual(output.trimEnd().split("\n"), [
      "hostname edge-01 edge-01",
      `machine-id ${MACHINE_ID}`,
      "motd kept",
      "network Address=192.0.2.10/24",
      "overlays 1",
      "layer 0",
      "refused: touch /etc/hostname",
      "refused: touch /etc/new",
      "refused: mount -o remount,rw /etc",
      "refused: touch /etc/new",
    ]);
  },
);
