/** What was built, in the eyes of the tools that others use on it. No machine is booted here. */
import assert from "node:assert/strict";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { verifyReproducible } from "#image/verifyReproducible.ts";
import type { ArtifactKind } from "#release/releaseNames.ts";
import { readText } from "#system/files.ts";
import { CommandError } from "#system/runCommand.ts";

import { buildTestSystem, type TestSystem } from "./harness.ts";

const sealed = await buildTestSystem("sealed");
const classic = await buildTestSystem("classic");
const folder = await mkdtemp(join(tmpdir(), "socle-artifacts-"));
after(() => rm(folder, { recursive: true }));

test("veritysetup accepts the root, its hash tree and the root hash", async () => {
  await runTool(
    sealed,
    "veritysetup",
    "verify",
    artifact("root"),
    artifact("verity"),
    sealed.manifest.rootHash ?? "",
  );
});

test("veritysetup refuses a root with one flipped byte", async () => {
  const root = join(folder, "flipped.root");
  await runTool(sealed, "cp", "--sparse=always", artifact("root"), root);
  await flipByte(root, 123_456_789);
  const verify = runTool(
    sealed,
    "veritysetup",
    "verify",
    root,
    artifact("verity"),
    sealed.manifest.rootHash ?? "",
  );
  await assert.rejects(
    verify,
    (error) => error instanceof CommandError && /Verification failed/.test(error.outputTail ?? ""),
  );
});

test("fsck.erofs accepts the root, with the data of every file", async () => {
  await runTool(sealed, "fsck.erofs", "--extract", artifact("root"));
});

test("e2fsck accepts the writable root of classic and the file system of /var", async () => {
  for (const [system, number] of [
    [classic, 2],
    [sealed, 8],
  ] as const) {
    const { start } =
      (await listPartitions(system)).find((entry) => entry.node.endsWith(`raw${number}`)) ?? {};
    assert.ok(start);
    await runTool(system, "e2fsck", "-f", "-n", `${artifact("disk", system)}?offset=${start * 512}`);
  }
});

test("sfdisk finds nothing wrong with the disks", async () => {
  for (const system of [sealed, classic]) {
    const { stdout } = await runTool(system, "sfdisk", "--verify", artifact("disk", system));
    assert.match(stdout, /^No errors detected/m);
  }
});

test("systemd-dissect finds a verified root with a signature in the sealed disk, and none in the classic one", async () => {
  const validate = [
    "systemd-dissect",
    "--image-policy=root=signed:esp=unprotected:var=unprotected",
    "--validate",
  ];
  await runTool(sealed, ...validate, artifact("disk"));
  await assert.rejects(runTool(classic, ...validate, artifact("disk", classic)), CommandError);
});

test("ukify reads the kernel image, whose command line has the root hash", async () => {
  const { stdout } = await runTool(sealed, "ukify", "inspect", artifact("uki"));
  for (const section of [".linux", ".initrd", ".osrel", ".uname"])
    assert.match(stdout, new RegExp(`^\\${section}:`, "m"));
  assert.match(stdout, new RegExp(`roothash=${sealed.manifest.rootHash}`));
});

test("the kernel image on the disk has its tries in its name: a first boot has to be found good", async () => {
  const { stdout } = await runTool(sealed, "mdir", "-b", "-i", `${artifact("disk")}@@1M`, "::EFI/Linux");
  const { id, version } = sealed.manifest;
  assert.equal(stdout.trim(), `::/EFI/Linux/${id}_${version}+3-0.efi`);
});

test("qemu-img finds nothing wrong with the qcow2 disk, and the same content in it as in the raw one", async () => {
  await runTool(sealed, "qemu-img", "check", artifact("disk-qcow2"));
  await runTool(
    sealed,
    "qemu-img",
    "compare",
    "-f",
    "raw",
    "-F",
    "qcow2",
    artifact("disk"),
    artifact("disk-qcow2"),
  );
});

test("sha256sum finds every file of the release as SHA256SUMS and the manifest say", async () => {
  const script = 'cd "$1" && sha256sum --check --strict SHA256SUMS && ls';
  const { stdout } = await sealed.context.tools.runScript(script, [sealed.folder], {
    folders: [sealed.folder],
  });
  const lines = stdout.trim().split("\n");
  const checked = lines.filter((line) => line.endsWith(": OK")).map((line) => line.replace(": OK", ""));
  const present = lines.slice(checked.length).filter((name) => name !== "SHA256SUMS");
  assert.deepEqual(checked.toSorted(), present.toSorted());
});

test("the SBOM and the package list have the packages that dpkg-query finds, and no other", async () => {
  const tree = join(sealed.steps.packages, "tree");
  const argv = [
    "dpkg-query",
    `--admindir=${tree}/var/lib/dpkg`,
    "--show",
    "--showformat=${Package} ${Version}\\n",
  ];
  const { stdout } = await sealed.context.tools.run(argv, { folders: [sealed.steps.packages] });
  const installed = stdout.trim().split("\n").toSorted();

  const sbom = JSON.parse(await readText(artifact("sbom"))) as {
    components: { type: string; name: string; version: string }[];
  }; // CycloneDX
  // Files of no package stand beside the packages.
  const packages = sbom.components.filter(({ type }) => type === "library");
  assert.deepEqual(packages.map(({ name, version }) => `${name} ${version}`).toSorted(), installed);

  const rows = (await readText(artifact("packages"))).trim().split("\n");
  assert.deepEqual(rows.map((row) => row.split("\t").slice(0, 2).join(" ")).toSorted(), installed);
});

for (const system of [sealed, classic]) {
  test(`${system.manifest.level} built again in another folder, with nothing of the cache, is the same bit for bit`, async () => {
    await verifyReproducible(system.context, system);
  });
}

function artifact(kind: ArtifactKind, { manifest, folder }: TestSystem = sealed): string {
  const found = manifest.artifacts.find((entry) => entry.kind === kind);
  assert.ok(found, `no artifact "${kind}"`);
  return join(folder, found.name);
}

async function runTool(
  { context, folder: release }: TestSystem,
  ...argv: string[]
): Promise<{ stdout: string; stderr: string }> {
  return context.tools.run(argv, { folders: [release, folder] });
}

async function listPartitions(system: TestSystem): Promise<{ node: string; start: number }[]> {
  const { stdout } = await runTool(system, "sfdisk", "--json", artifact("disk", system));
  return (JSON.parse(stdout) as { partitiontable: { partitions: { node: string; start: number }[] } })
    .partitiontable.partitions; // sfdisk's own words
}

async function flipByte(file: string, offset: number): Promise<void> {
  const handle = await open(file, "r+");
  try {
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, offset);
    byte[0]! ^= 1;
    await handle.write(byte, 0, 1, offset);
  } finally {
    await handle.close();
  }
}
