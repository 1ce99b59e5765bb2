import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, symlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { FileType, GetInventoryResponseSchema } from "#protocol/gen/socle/v1/machine_pb.ts";
import { createLinuxMachine } from "#system/linuxMachine.ts";
import { createMemoryMachine, type MemoryMachineContent } from "./memoryMachine.ts";
import { readInventory } from "./readInventory.ts";
import { readListeners } from "./readListeners.ts";
import { LIST_UNIT_FILES, ROOT_HASH, sealedMachine } from "./sealedMachine.fixture.ts";
import { walkFiles, type FileEntry } from "./walkFiles.ts";

const going = new AbortController().signal;

async function collect<Part>(parts: AsyncIterable<Part>): Promise<Part[]> {
  const collected: Part[] = [];
  for await (const part of parts) collected.push(part);
  return collected;
}

async function readWhole(change: Partial<MemoryMachineContent> = {}) {
  const machine = createMemoryMachine({
    files: { ...sealedMachine.files, ...change.files },
    folders: { ...sealedMachine.folders, ...change.folders },
    outputs: { ...sealedMachine.outputs, ...change.outputs },
    entries: { ...sealedMachine.entries, ...change.entries },
  });
  const parts = (await collect(readInventory(machine, going))).map((part) =>
    create(GetInventoryResponseSchema, part),
  );
  return {
    system: parts[0]?.system,
    packages: parts.flatMap(({ packages }) => packages),
    units: parts.flatMap(({ units }) => units),
    listeners: parts.flatMap(({ listeners }) => listeners),
    files: parts.flatMap(({ files }) => files),
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
  };
}

test("an inventory has what runs, packages, units, sockets and the files of the root", async () => {
  const { system, packages, units, listeners, files, unreadable } = await readWhole();
  assert.equal(system?.image?.version, "1.0.0");
  assert.equal(system?.kernelRelease, "6.12.48+deb13-cloud-amd64");
  assert.match(system?.commandLine ?? "", /^initrd=.* console=ttyS0$/);
  assert.equal(system?.rootHash, ROOT_HASH);
  assert.deepEqual(
    packages.map(({ name, version, source }) => `${name} ${version} from ${source}`),
    ["openssh-server 1:10.0p1-7 from openssh", "zlib1g 1:1.3.dfsg+really1.3.1-1+b1 from zlib"],
  );
  assert.deepEqual(
    units.map(({ name, state }) => `${name} ${state}`),
    ["-.mount generated", "ssh.socket enabled"],
  );
  assert.deepEqual(
    listeners.map(({ protocol, address, port, process, unit }) =>
      [protocol, address, port, process, unit].join(" "),
    ),
    [
      "tcp :: 22 systemd init.scope",
      "tcp 127.0.0.53 53 systemd-resolve systemd-resolved.service",
      "udp 10.0.2.15 68  ",
    ],
  );
  assert.deepEqual(files.map(({ path }) => path).toSorted(), [
    "/bin",
    "/etc",
    "/etc/hostname",
    "/usr",
    "/usr/bin",
    "/usr/bin/su",
    "/usr/lib",
  ]);
  const su = files.find(({ path }) => path === "/usr/bin/su");
  assert.deepEqual(
    [su?.type, su?.mode, su?.uid, su?.gid, su?.sizeBytes, su?.target],
    [FileType.FILE, 0o4755, 0, 0, 84_360n, ""],
  );
  assert.equal(files.find(({ path }) => path === "/bin")?.target, "usr/bin");
  assert.deepEqual(unreadable, []);
});

test("/etc is listed also where it is an overlay; other mounts are left out, and named", async () => {
  const mountinfo = `${sealedMachine.files["/proc/1/mountinfo"] as string}\
40 26 254:7 / /usr/lib/data rw,relatime - ext4 /dev/vdb1 rw
`;
  const { system, files } = await readWhole({
    files: { "/proc/1/mountinfo": mountinfo },
    folders: { "/usr/lib": ["data"] },
    entries: { "/usr/lib/data": sealedMachine.entries["/usr/lib"] as FileEntry },
  });
  assert.deepEqual(system?.leftOut, [
    "/boot",
    "/dev",
    "/proc",
    "/run",
    "/sys",
    "/tmp",
    "/usr/lib/data",
    "/var",
  ]);
  const paths = files.map(({ path }) => path);
  assert.ok(paths.includes("/etc/hostname"));
  assert.ok(!paths.includes("/usr/lib/data"));
});

test("what cannot be read is named, and takes nothing else away", async () => {
  const { packages, units, files, unreadable } = await readWhole({
    files: { "/usr/lib/sysimage/dpkg/status": undefined },
    outputs: { [LIST_UNIT_FILES]: new Error("timed out") },
    folders: { "/usr/bin": ["su", "bad", "gone"] },
    entries: { "/usr/bin/bad": new Error("EIO: i/o error") },
  });
  assert.deepEqual([packages, units], [[], []]);
  assert.ok(files.some(({ path }) => path === "/usr/bin/su"));
  assert.deepEqual(unreadable.toSorted(), [
    "cannot read /usr/bin/bad: EIO: i/o error",
    "cannot read /usr/bin/gone: it is gone",
    "cannot read the installed packages: /usr/lib/sysimage/dpkg/status is not there",
    "cannot read the unit files: timed out",
  ]);
});

test("a walk of many files comes in parts of bounded size, folders before what is in them", async () => {
  const directory = sealedMachine.entries["/usr"] as FileEntry;
  const names = Array.from({ length: 1700 }, (_, number) => `f${number}`);
  const folders = { "/": ["a", "b"], "/a": names, "/b": names.slice(0, 400) };
  const entries = Object.fromEntries([
    ["/a", directory],
    ["/b", directory],
    ...Object.entries(folders)
      .slice(1)
      .flatMap(([folder, files]) =>
        files.map((name) => [`${folder}/${name}`, { ...directory, type: "file" }]),
      ),
  ]) as MemoryMachineContent["entries"];
  const machine = createMemoryMachine({ ...sealedMachine, folders, entries });
  const parts = await collect(walkFiles(machine, { leftOut: new Set(), signal: going }));
  const paths = parts.flatMap(({ files }) => files.map(({ path }) => path));
  assert.equal(paths.length, 2102);
  assert.equal(new Set(paths).size, 2102);
  assert.ok(parts.every(({ files }) => files.length < 400));
  for (const path of paths)
    if (path.length > 2) assert.ok(paths.indexOf(path.slice(0, 2)) < paths.indexOf(path));
});

test("a walk ends as soon as nobody waits for it", async () => {
  const given = new AbortController();
  const seen: string[] = [];
  const machine = createMemoryMachine(sealedMachine);
  const walk = walkFiles(
    {
      ...machine,
      listFolder(path) {
        seen.push(path);
        given.abort(new Error("gone"));
        return machine.listFolder(path);
      },
    },
    { leftOut: new Set(), signal: given.signal },
  );
  await assert.rejects(collect(walk), /gone/);
  assert.deepEqual(seen, ["/"]);
});

test("a real folder is walked with types, modes and link targets", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-walk-"));
  await mkdir(join(folder.path, "sub"));
  await writeFile(join(folder.path, "sub/file"), "12345", { mode: 0o640 });
  await symlink("sub/nowhere", join(folder.path, "link"));
  const linux = createLinuxMachine();
  // The same machine with the folder as its root.
  const machine = {
    ...linux,
    listFolder: (path: string) => linux.listFolder(folder.path + path),
    readEntry: (path: string) => linux.readEntry(folder.path + path),
  };
  const [part] = await collect(walkFiles(machine, { leftOut: new Set(), signal: going }));
  const found = part?.files.map(({ path, type, mode, sizeBytes, target }) => ({
    path,
    type,
    mode: type === "file" ? mode : 0,
    sizeBytes,
    target,
  }));
  assert.deepEqual(found, [
    { path: "/link", type: "symlink", mode: 0, sizeBytes: 0, target: "sub/nowhere" },
    { path: "/sub", type: "directory", mode: 0, sizeBytes: 0, target: "" },
    { path: "/sub/file", type: "file", mode: 0o640, sizeBytes: 5, target: "" },
  ]);
});

test("a port that this very process listens on is found, with its name", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const found = (await readListeners(createLinuxMachine(), going)).find(
    (listener) => listener.protocol === "tcp" && listener.port === port,
  );
  assert.equal(found?.address, "127.0.0.1");
  assert.notEqual(found?.process, "");
  server.close();
});
