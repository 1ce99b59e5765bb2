import assert from "node:assert/strict";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";

import { Version } from "@cyclonedx/cyclonedx-library/Spec";
import { JsonStrictValidator } from "@cyclonedx/cyclonedx-library/Validation";

import { decodeChecksums } from "#release/checksums.ts";
import type { ContentsFile } from "#release/contents.ts";
import { parseContents } from "#release/parseContents.ts";
import { verifyProvenance } from "#release/verifyProvenance.ts";
import { findIsolation } from "#system/isolation.ts";
import { openKeyFolder } from "#system/keyFolder.ts";
import { ToolsTree } from "#system/toolsTree.ts";
import { parsePublicKey } from "#trust/publicKeys.ts";

import { CLONE, TestWorkspace, toRelease } from "./workspace.ts";

const tools = new ToolsTree(
  await readFile(join(CLONE, ".socle/tools/current"), "utf8"),
  await findIsolation(),
);
const workspace = await TestWorkspace.make();
after(async () => workspace[Symbol.asyncDispose]());
// The clone's own results, as far as they are the same: the packages are those of the minimal system.
await mkdir(join(workspace.home, "steps"));
const SAME = ["packages", "inventory", "initrd", "node", "agent"];
for (const step of (await readdir(join(CLONE, ".socle/steps"))).filter((name) => SAME.includes(name)))
  await symlink(join(CLONE, ".socle/steps", step), join(workspace.home, "steps", step));

const socket = (lines: string) => `[Socket]\n${lines}\nAccept=yes\n[Install]\nWantedBy=sockets.target\n`;
await writeFile(
  workspace.definition,
  `import { defineSystem } from "socle";
export default defineSystem(${JSON.stringify({
    id: "contents",
    version: "1.0",
    name: "Contents",
    level: "sealed",
    disk: { size: "2GiB" },
    files: {
      "/usr/lib/systemd/system/echo.socket": socket("ListenStream=7\nListenDatagram=127.0.0.1:7"),
      "/usr/lib/systemd/system/echo@.service": "[Service]\nExecStart=/usr/bin/cat\nStandardInput=socket\n",
      "/usr/lib/systemd/system/quiet.socket": socket("ListenStream=9"),
      "/usr/lib/systemd/system/quiet@.service": "[Service]\nExecStart=/usr/bin/true\n",
      "/usr/bin/special": { content: "#!/bin/sh\n", mode: "4750" },
      "/usr/share/zoneinfo/UTC": "not a time zone\n",
    },
    units: { enable: ["echo.socket"] },
  })});\n`,
);
toRelease(await workspace.build("out", ["--offline"]));
const out = join(workspace.folder, "out");
const read = (kind: string) => readFile(join(out, `contents_1.0.${kind}`), "utf8");
const contents = parseContents(await read("contents.json"));
const fileAt = (path: string) => contents.files.find((file) => file.path === path);

const TYPES: Readonly<Record<string, ContentsFile["type"]>> = { f: "file", d: "directory", l: "symlink" };

test("the contents are those of the root image, file by file", async () => {
  const [image] = (await readdir(out)).filter((name) => name.endsWith(".root"));
  const { stdout } = await tools.runScript(
    `fsck.erofs --extract="$2" --preserve "$1" > /dev/null; cd "$2"
     find . -printf '%P\\0%y\\0%m\\0%U\\0%G\\0%s\\0%l\\0'
     find . -type f -print0 | xargs -0 sha256sum -z`,
    [join(out, image ?? ""), join(workspace.folder, "extracted")],
    { folders: [workspace.folder] },
  );
  const fields = stdout.split("\0").slice(0, -1);
  const hashes = new Map(
    fields.flatMap((field) => {
      const [, sha256, path] = /^([0-9a-f]{64})  \.\/(.*)$/s.exec(field) ?? [];
      return sha256 === undefined ? [] : [[path ?? "", sha256] as const];
    }),
  );
  const found: ContentsFile[] = [];
  const attributes = fields.slice(0, fields.length - hashes.size);
  for (let at = 0; at < attributes.length; at += 7) {
    const [path = "", letter = "", mode = "", uid, gid, size, target = ""] = attributes.slice(at, at + 7);
    const type = TYPES[letter];
    assert.ok(type !== undefined, `${path} is a ${letter}`);
    found.push({
      path: `/${path}`,
      type,
      mode: Number.parseInt(mode, 8),
      uid: Number(uid),
      gid: Number(gid),
      ...(type === "file" ? { sizeBytes: Number(size), sha256: hashes.get(path) ?? "" } : {}),
      ...(type === "symlink" ? { target } : {}),
    });
  }
  assert.ok(hashes.size > 3000);
  assert.deepEqual(
    contents.files,
    found.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  );
  assert.equal(fileAt("/usr/bin/special")?.mode, 0o4750);
  assert.equal(fileAt("/root")?.target, "var/root");
});

test("units have the states that systemctl says, and the enabled socket is what listens", async () => {
  const stateOf = (unit: string) => contents.units.find(({ name }) => name === unit)?.state;
  assert.equal(stateOf("echo.socket"), "enabled");
  assert.equal(stateOf("quiet.socket"), "disabled");
  assert.equal(stateOf("getty@tty1.service"), "masked");
  assert.deepEqual(contents.listeners, [
    { unit: "echo.socket", protocol: "tcp", port: 7, address: "*" },
    { unit: "echo.socket", protocol: "udp", port: 7, address: "127.0.0.1" },
  ]);
});

test("the packages, and those of the bill of materials, are the ones that dpkg-query lists", async () => {
  const { stdout } = await tools.run(
    [
      "dpkg-query",
      `--admindir=${join(workspace.folder, "extracted/usr/lib/sysimage/dpkg")}`,
      "--show",
      "--showformat=${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\\n",
    ],
    { folders: [workspace.folder] },
  );
  const listed = stdout.trimEnd().split("\n").sort();
  assert.ok(listed.length > 100);
  assert.deepEqual(
    contents.packages.map((entry) =>
      [entry.name, entry.version, entry.architecture, entry.source, entry.sourceVersion].join(" "),
    ),
    listed,
  );
  const { components } = JSON.parse(await read("cdx.json")) as { components: Component[] };
  const packages = components.filter(({ type }) => type === "library");
  assert.deepEqual(
    packages.map(({ name, version }) => `${name} ${version}`).sort(),
    listed.map((line) => line.split(" ").slice(0, 2).join(" ")),
  );
  const sources = new Set(contents.packages.map(({ source }) => source));
  assert.ok(Object.keys(contents.fixes).every((source) => sources.has(source)));
  assert.ok(Object.values(contents.fixes).some((fixes) => fixes.length > 0));
});

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version?: string;
  readonly hashes?: readonly { content: string }[];
  readonly components?: readonly Component[];
}

test("the bill of materials has each regular file once, below the package that brought it, and is CycloneDX", async () => {
  const text = await read("cdx.json");
  assert.equal(await new JsonStrictValidator(Version.v1dot6).validate(text), null);
  const { components } = JSON.parse(text) as { components: Component[] };
  const ownerOf = new Map<string, string>();
  const files = components.flatMap((component) => {
    if (component.type === "file") return [component];
    for (const file of component.components ?? []) ownerOf.set(file.name, component.name);
    return component.components ?? [];
  });
  assert.deepEqual(
    files.map(({ name, hashes }) => `${name} ${hashes?.[0]?.content}`).sort(),
    contents.files.flatMap(({ path, sha256 }) => (sha256 === undefined ? [] : [`${path} ${sha256}`])).sort(),
  );
  assert.equal(ownerOf.get("/usr/bin/bash"), "bash");
  const module = contents.files.find(({ path }) => path.endsWith("/kernel/fs/erofs/erofs.ko"));
  assert.match(ownerOf.get(module?.path ?? "") ?? "", /^linux-image-/);
  // The definition's, although a package brought one too.
  assert.equal(ownerOf.get("/usr/share/zoneinfo/UTC"), undefined);
});

// $1 the envelope, $2 the public key. An implementation of others: Debian's python3-securesystemslib.
const VERIFY = `
python3 -I -c '
import json, sys
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
envelope = Envelope.from_dict(json.load(open(sys.argv[1])))
[keyid] = envelope.signatures
envelope.verify([SSlibKey.from_crypto(load_pem_public_key(open(sys.argv[2], "rb").read()), keyid)], 1)
sys.stdout.write(envelope.payload.decode())
' "$1" "$2"
`;

test("the provenance names every other file of the release, is signed, and knows nothing of this host", async () => {
  const keys = await openKeyFolder(join(workspace.home, "keys/development"));
  const [key] = keys.keySet.roles.provenance.keys;
  const checksums = decodeChecksums(await readFile(join(out, "SHA256SUMS"), "utf8"));
  const others = checksums.filter(({ name }) => name !== "contents_1.0.intoto.jsonl");
  assert.equal(others.length, checksums.length - 1);
  const trusted = [{ keyId: key?.id ?? "", publicKey: parsePublicKey(key?.publicKey ?? "") }];
  const envelope = await read("intoto.jsonl");
  const { subject } = verifyProvenance(envelope, trusted, others);
  assert.deepEqual(
    subject.map(({ name, digest }) => ({ name, sha256: digest.sha256 })),
    others,
  );

  await writeFile(join(workspace.folder, "key.pem"), key?.publicKey ?? "");
  const { stdout } = await tools.runScript(
    VERIFY,
    [join(out, "contents_1.0.intoto.jsonl"), join(workspace.folder, "key.pem")],
    { folders: [workspace.folder] },
  );
  const statement = JSON.parse(stdout) as {
    predicate: { runDetails: { byproducts: { name: string; content: string }[] } };
  };
  const [commands] = statement.predicate.runDetails.byproducts;
  const text = Buffer.from(commands?.content ?? "", "base64").toString();
  assert.match(text, /mkfs\.erofs --quiet/);
  assert.match(text, /"ukify","build"/);
  for (const trace of [workspace.folder, CLONE]) assert.ok(!(stdout + text).includes(trace), trace);
  assert.doesNotMatch(text, /\/[a-z]+-\d+-[0-9a-f]{8}\b/); // the work folder of a step
});
