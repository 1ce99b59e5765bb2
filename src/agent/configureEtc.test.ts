import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { AUTHORITY } from "#config/certificates.fixture.ts";
import type { FoundDocument } from "#config/judgeDocument.ts";
import { createEtcMachine } from "#system/etcMachine.ts";

import { configureEtc, type EtcPaths } from "./configureEtc.ts";

const MACHINE_ID = "0123456789abcdef0123456789abcdef";
const DOCUMENT = JSON.stringify({
  apiVersion: "socle/v1",
  kind: "MachineConfiguration",
  hostname: "edge-01",
  network: { interfaces: [{ match: { name: "en*" }, addresses: ["192.0.2.10/24"] }] },
});
const APPLIED = { state: "applied", source: "generation", generation: 1, problems: [] };
const REFUSED = toDocument({ hostname: "-", extra: 1 });

function toDocument(fields: object): string {
  return JSON.stringify({ apiVersion: "socle/v1", kind: "MachineConfiguration", ...fields });
}

const root = await mkdtempDisposable(join(tmpdir(), "socle-configure-"));
after(() => root.remove());
let machines = 0;

function toFound(document: string | Error | undefined): FoundDocument | undefined {
  if (document === undefined) return undefined;
  if (document instanceof Error) return { source: "drive", content: { unreadable: document.message } };
  return { source: "generation", generation: 1, content: { text: document } };
}

/** A machine in a folder of its own: its files are real, its mounts are a list that the mount table is made of. */
async function createFolderMachine(document?: string | Error) {
  const folder = join(root.path, String((machines += 1)));
  const paths: EtcPaths = {
    etc: join(folder, "etc"),
    layer: join(folder, "run/socle/etc"),
    outcome: join(folder, "run/socle/configuration.json"),
    hostname: join(folder, "hostname"),
    kernelSettings: join(folder, "proc/sys"),
    settingsBefore: join(folder, "run/socle/kernel-settings.json"),
    mountInfo: join(folder, "mountinfo"),
  };
  for (const path of ["etc", "run/socle"]) await mkdir(join(folder, path), { recursive: true });
  await writeFile(join(paths.etc, "machine-id"), `${MACHINE_ID}\n`);
  await writeFile(paths.hostname, "image\n");
  const found: { document: FoundDocument | undefined } = { document: toFound(document) };

  const mounts = [{ target: "/", fstype: "erofs" }];
  const writeMountInfo = () =>
    writeFile(
      paths.mountInfo,
      mounts
        .map(({ target, fstype }, index) => `${index} 1 0:${index} / ${target} ro - ${fstype} none ro\n`)
        .join(""),
    );
  await writeMountInfo();
  const mount = async (target: string, fstype: string) => {
    mounts.push({ target, fstype });
    await writeMountInfo();
  };
  const log: string[] = [];
  const calls: string[] = [];
  return {
    paths,
    log,
    calls,
    mounts: () => mounts.slice(1).map(({ target, fstype }) => `${fstype} ${target.slice(folder.length)}`),
    /** What is found the next time. */
    give: (next: string | undefined) => void (found.document = toFound(next)),
    configure: (again = false) =>
      configureEtc({
        again,
        findDocument: async () => found.document,
        machine: {
          ...createEtcMachine(),
          async mountTmpfs(target) {
            await mkdir(target, { recursive: true });
            await mount(target, "tmpfs");
          },
          async mountReadOnlyOverlay(layers, target) {
            assert.deepEqual(layers, [paths.layer, paths.etc]);
            await mount(target, "overlay");
          },
          async unmount(target) {
            const index = mounts.findLastIndex((one) => one.target === target);
            assert.ok(index > 0, `${target} is mounted`);
            mounts.splice(index, 1);
            await writeMountInfo();
          },
          async unmountLazily(target) {
            calls.push("unmount");
            await this.unmount(target);
          },
          async reloadUnits() {
            calls.push("reload units");
          },
          async startUnit(unit) {
            calls.push(`start ${unit}`);
            if (unit === "systemd-journal-upload.service") throw new Error("Unit not found");
          },
        },
        paths,
        log: (level, message) => void log.push(`${level}: ${message}`),
      }),
    readLayer: (path: string) => readFile(join(paths.layer, path), "utf8"),
    readOutcome: async (): Promise<unknown> => JSON.parse(await readFile(paths.outcome, "utf8")),
  };
}

test("the document of a machine becomes its /etc and its host name", async () => {
  const machine = await createFolderMachine(DOCUMENT);
  await machine.configure();
  assert.equal(await machine.readLayer("hostname"), "edge-01\n");
  assert.equal(await machine.readLayer("machine-id"), `${MACHINE_ID}\n`);
  assert.match(
    await machine.readLayer("systemd/network/50-socle-00.network"),
    /^Address=192\.0\.2\.10\/24$/m,
  );
  assert.equal((await stat(join(machine.paths.layer, "machine-id"))).mode & 0o777, 0o444);
  assert.equal((await stat(join(machine.paths.layer, "systemd/network"))).mode & 0o777, 0o755);
  assert.equal(await readFile(machine.paths.hostname, "utf8"), "edge-01");
  assert.deepEqual(machine.mounts(), ["overlay /etc"]);
  assert.deepEqual(await machine.readOutcome(), APPLIED);
});

test("without a document the machine gets a read-only /etc with its machine id", async () => {
  const machine = await createFolderMachine();
  await machine.configure();
  assert.equal(await machine.readLayer("machine-id"), `${MACHINE_ID}\n`);
  await assert.rejects(machine.readLayer("hostname"), { code: "ENOENT" });
  assert.equal(await readFile(machine.paths.hostname, "utf8"), "image\n");
  assert.deepEqual(machine.mounts(), ["overlay /etc"]);
  assert.deepEqual(await machine.readOutcome(), { state: "none", source: null, generation: 0, problems: [] });
});

test("a refused document is told problem by problem", async () => {
  const machine = await createFolderMachine(REFUSED);
  await machine.configure();
  await assert.rejects(machine.readLayer("hostname"), { code: "ENOENT" });
  assert.deepEqual(machine.mounts(), ["overlay /etc"]);
  assert.equal(machine.log.length, 3);
  assert.match(machine.log[0] ?? "", /^error: unknown key "extra": wanted/);
  assert.match(machine.log[1] ?? "", /^error: hostname is "-": wanted/);
  assert.match(machine.log[2] ?? "", /^error: .* is refused/);
  const outcome = await machine.readOutcome();
  assert.deepEqual(Object.assign({}, outcome, { problems: [] }), {
    state: "refused",
    source: "generation",
    generation: 1,
    problems: [],
  });
});

test("a document that cannot be read is refused, and the machine boots on", async () => {
  const machine = await createFolderMachine(new Error("EIO: i/o error"));
  await machine.configure();
  assert.match(machine.log[0] ?? "", /cannot be read: EIO/);
  assert.deepEqual(machine.mounts(), ["overlay /etc"]);
});

test("certificates come after the image's, a zone is a link, and the kernel gets its settings at once", async () => {
  const machine = await createFolderMachine(
    toDocument({
      trust: { authorities: [AUTHORITY] },
      time: { zone: "Europe/Paris" },
      sysctls: { "net.ipv4.ip_forward": 1, "net.ipv4.conf.eth0/20.forwarding": 1, "vm.missing": 1 },
    }),
  );
  await mkdir(join(machine.paths.etc, "ssl/certs"), { recursive: true });
  await writeFile(join(machine.paths.etc, "ssl/certs/ca-certificates.crt"), "image's\n");
  for (const folder of ["net/ipv4/conf/eth0.20"]) {
    await mkdir(join(machine.paths.kernelSettings, folder), { recursive: true });
  }
  await machine.configure();
  assert.equal(await machine.readLayer("ssl/certs/ca-certificates.crt"), `image's\n${AUTHORITY}`);
  assert.equal(await readlink(join(machine.paths.layer, "localtime")), "/usr/share/zoneinfo/Europe/Paris");
  const setting = (path: string) => readFile(join(machine.paths.kernelSettings, path), "utf8");
  assert.equal(await setting("net/ipv4/ip_forward"), "1");
  assert.equal(await setting("net/ipv4/conf/eth0.20/forwarding"), "1");
  assert.match(machine.log.join("\n"), /warning: the kernel's setting vm\/missing: not done/);
  assert.deepEqual(machine.calls, []);
  assert.deepEqual(await machine.readOutcome(), APPLIED);
});

test("units of the document are started once PID 1 knows them, and one that cannot be keeps no other from it", async () => {
  const machine = await createFolderMachine(
    toDocument({
      logs: { forward: { url: "https://logs.example.org:19532" } },
      mounts: [{ path: "/var/lib/data", label: "data" }],
      folders: [{ path: "/var/lib/data/web" }],
    }),
  );
  await machine.configure();
  assert.deepEqual(machine.calls, [
    "reload units",
    "start var-lib-data.mount",
    "start socle-folders.service",
    "start systemd-journal-upload.service",
  ]);
  assert.match(machine.log.join("\n"), /warning: starting systemd-journal-upload.service: not done/);
});

test("a second run does nothing", async () => {
  const machine = await createFolderMachine(DOCUMENT);
  await machine.configure();
  machine.give(REFUSED);
  await machine.configure();
  assert.deepEqual(machine.mounts(), ["overlay /etc"]);
  assert.deepEqual(await machine.readOutcome(), APPLIED);
  assert.match(machine.log.at(-1) ?? "", /nothing to do/);
});

test("done again, another /etc lies in the place of the old one, and the kernel is told what changed", async () => {
  const machine = await createFolderMachine(
    toDocument({ hostname: "edge-01", sysctls: { "vm.swappiness": 10, "vm.dirty_ratio": 5 } }),
  );
  const folder = join(machine.paths.kernelSettings, "vm");
  await mkdir(folder, { recursive: true });
  for (const name of ["swappiness", "dirty_ratio", "laptop_mode"])
    await writeFile(join(folder, name), "60\n");
  const read = async () =>
    Promise.all(
      ["swappiness", "dirty_ratio", "laptop_mode"].map((name) => readFile(join(folder, name), "utf8")),
    );
  await machine.configure();
  assert.deepEqual(await read(), ["10", "5", "60\n"]);

  // Its host name is the image's again; in this test the file of the image is the machine's own.
  await writeFile(join(machine.paths.etc, "hostname"), "image\n");
  machine.give(toDocument({ sysctls: { "vm.swappiness": 20, "vm.laptop_mode": 1 } }));
  await machine.configure(true);
  assert.deepEqual(await read(), ["20", "60", "1"]);
  assert.equal(await readFile(machine.paths.hostname, "utf8"), "image");

  machine.give(undefined);
  await machine.configure(true);
  assert.deepEqual(await read(), ["60", "60", "60"]);
  assert.deepEqual(machine.mounts(), ["overlay /etc"]);
  assert.deepEqual(machine.calls, ["unmount", "unmount"]);
});
