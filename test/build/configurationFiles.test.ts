import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

import { parseMachineConfiguration } from "#config/parseMachineConfiguration.ts";
import { renderEtc } from "#config/renderEtc.ts";
import { toMountUnitName } from "#config/unitName.ts";
import { WHOLE_DOCUMENT } from "#config/wholeDocument.fixture.ts";
import { findIsolation } from "#system/isolation.ts";
import { ToolsTree } from "#system/toolsTree.ts";

import { CLONE } from "./workspace.ts";

const tools = new ToolsTree(
  await readFile(join(CLONE, ".socle/tools/current"), "utf8"),
  await findIsolation(),
);
const folder = await mkdtemp(join(tmpdir(), "socle-etc-"));
after(() => rm(folder, { recursive: true }));

/** /etc of a machine with every key of the document. */
const DOCUMENT = {
  ...WHOLE_DOCUMENT,
  // Users of the tools tree: systemd-tmpfiles asks for them.
  folders: [{ path: "/var/lib/data/web", owner: "www-data:www-data", mode: "0750" }],
};
for (const file of renderEtc(parseMachineConfiguration(DOCUMENT))) {
  const path = join(folder, file.path);
  await mkdir(dirname(path), { recursive: true });
  if ("target" in file) await symlink(file.target, path);
  else {
    await writeFile(path, file.content);
    await chmod(path, file.mode);
  }
}

async function run(script: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await tools.runScript(script, [folder, ...args], { folders: [folder] });
  return stdout + stderr;
}

test("systemd finds nothing wrong with the units", async () => {
  const said = await run(
    'cd "$1/systemd/system" && systemd-analyze verify --man=no --generators=no ./*.mount ./*.service 2>&1; :',
  );
  const aboutOurs = said.split("\n").filter((line) => /var-lib-data|srv\.mount|socle-folders/.test(line));
  assert.deepEqual(aboutOurs, []);
});

/** In a network of its own, with nothing in it but the loopback interface. */
const NETWORKD = `
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/network /run/systemd/netif
chown systemd-network: /run/systemd/netif
cp "$1"/systemd/network/* /run/systemd/network/
SYSTEMD_LOG_LEVEL=debug timeout 2 /usr/lib/systemd/systemd-networkd 2>&1
:`;

test("systemd-networkd takes every file of the network, and knows every key in them", async () => {
  const said = await run(`unshare --net --mount --propagation unchanged sh -c '${NETWORKD}' sh "$1"`);
  const about = said.split("\n").filter((line) => line.includes("-socle-"));
  const names = renderEtc(parseMachineConfiguration(DOCUMENT))
    .map(({ path }) => path)
    .filter((path) => path.startsWith("systemd/network/"));
  assert.ok(names.length > 10);
  assert.deepEqual(about.toSorted(), names.map((name) => `/run/${name}: Successfully loaded.`).toSorted());
});

test("systemd-escape names mounts as they are named", async () => {
  for (const path of ["/srv", "/var/lib/data", "/var/lib/da-ta/.x_y", "/var/lib/.hidden", "/var/lib/a.b-c"]) {
    assert.equal(
      (await run('systemd-escape --path --suffix=mount "$2"', path)).trim(),
      toMountUnitName(path),
    );
  }
});

test("systemd-tmpfiles makes the folders as they are asked for", async () => {
  const said = await run('systemd-tmpfiles --dry-run --create "$1/tmpfiles.d/50-socle.conf" 2>&1');
  assert.match(said, /Would create directory \/var\/lib\/data\/web/);
  assert.doesNotMatch(said, /unknown|invalid|ignoring|failed/i);
});

test("systemd-sysctl sets what is asked for", async () => {
  // In a network of its own, and nothing but what belongs to that: the kernel is the host's.
  const script =
    '/usr/lib/systemd/systemd-sysctl --prefix=/net "$1/sysctl.d/90-socle.conf"; cat /proc/sys/net/ipv4/tcp_rmem';
  const said = await run(`unshare --net sh -c '${script}' sh "$1" 2>&1`);
  assert.equal(said, "4096\t87380\t6291456\n");
});

test("OpenSSL reads the authorities", async () => {
  const said = await run('openssl x509 -noout -subject -in "$1/ssl/certs/ca-certificates.crt"');
  assert.match(said, /Example authority/);
});
