import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { defaultExecutionControl, LEVELS, type TreePolicies } from "#definition/levels.ts";

import { encodeInitrdScript, INITRD_MODULES, INITRD_PROGRAMS, STATE_FOLDER } from "./initrdScript.ts";
import { rootUuidsOf } from "./partitionUuids.ts";

const VAR_UUID = "01234567-89ab-cdef-0123-456789abcdef";
const CUSTOM: TreePolicies = { usr: "verified", etc: "rendered", var: "temporary" };
const SCRIPTS = Object.entries({ ...LEVELS, custom: CUSTOM }).map(
  ([name, policies]) =>
    [name, encodeInitrdScript(policies, VAR_UUID, defaultExecutionControl(policies))] as const,
);

function scriptOf(name: string): string {
  return SCRIPTS.find(([level]) => level === name)?.[1] ?? assert.fail(name);
}

for (const [name, script] of SCRIPTS) {
  test(`the script of "${name}" is one that the shell accepts`, () => {
    for (const shell of ["dash", "sh"]) {
      const { status, stderr } = spawnSync(shell, ["-n"], { input: script, encoding: "utf8" });
      assert.equal(status, 0, stderr);
    }
    assert.ok(script.startsWith("#!/usr/bin/dash\n"));
  });

  test(`the script of "${name}" ends in the real init, or in an end of PID 1 that reboots`, () => {
    assert.match(script, /\nexec switch_root \/sysroot \/usr\/lib\/systemd\/systemd\n$/);
    assert.doesNotMatch(script, /emergency|rescue|exec (?:sh|dash)|\binit=/, "no shell to fall into");
    // Each mount either works or ends PID 1.
    for (const line of script.split("\n").filter((text) => text.startsWith("mount ")))
      assert.match(line, /\|\| (?:die "|exit 1)/, line);
  });

  test(`the script of "${name}" calls no program that is not in the initrd`, () => {
    const present = new Set(INITRD_PROGRAMS.map((path) => path.split("/").at(-1)));
    const called = new Set(
      [
        ...script.matchAll(
          /(?:^|[;&|(]|\$\(| do | then |\{ )\s*(mkdir|mount|modprobe|findfs|sleep|e2fsck|veritysetup|switch_root|cat|head|tr|base64|umount|od|dd|grep|sed|awk|blkid|udevadm)\b/gm,
        ),
      ].map(([, program]) => program),
    );
    called.delete("modprobe"); // a name of kmod's
    assert.deepEqual(
      [...called].filter((program) => !present.has(program)),
      [],
    );
    assert.ok(called.has("mount"));
  });
}

test("only the verified levels open the root through dm-verity, and none of them mounts a partition as root", () => {
  for (const [name, script] of SCRIPTS) {
    const verified = name !== "classic";
    assert.equal(script.includes("veritysetup open"), verified, name);
    assert.equal(script.includes("mount -t erofs -o ro /dev/mapper/root /sysroot"), verified, name);
    assert.equal(script.includes('mount -t ext4 -o rw "$root" /sysroot'), !verified, name);
  }
});

const VAR_AND_ETC: readonly (readonly [
  name: string,
  varOptions: string | undefined,
  etc: RegExp | undefined,
])[] = [
  ["classic", undefined, undefined],
  ["semi", "rw,nosuid,nodev", /mount -t overlay .*lowerdir=\/sysroot\/etc,.*\/sysroot\/etc \|\| die/],
  ["sealed", "rw,nosuid,nodev,noexec", /mount --bind \S+\/machine-id \/sysroot\/etc\/machine-id/],
  ["total", undefined, undefined],
  ["custom", undefined, undefined],
];

for (const [name, varOptions, etc] of VAR_AND_ETC) {
  test(`at "${name}" the initrd mounts /var ${varOptions ?? "not at all"} and /etc ${etc === undefined ? "not at all" : "as the level wants"}`, () => {
    const script = scriptOf(name);
    assert.equal(/mount -t ext4 -o (\S+) "\$var" \/sysroot\/var/.exec(script)?.[1], varOptions);
    assert.equal(script.includes(VAR_UUID), varOptions !== undefined);
    assert.equal(script.includes(STATE_FOLDER), varOptions !== undefined);
    if (etc === undefined) assert.doesNotMatch(script, /\/sysroot\/etc/);
    else assert.match(script, etc);
  });
}

/** Runs a part of the script in a shell, as the initrd would. */
function runPart(part: string): string {
  const { status, stdout, stderr } = spawnSync("dash", ["-eu"], { input: part, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("the script's own arithmetic finds the same partitions as the build names", () => {
  const rootHash = "38540cfc56ee1e38a5a63895952714548d416b3516f4d23dd637306a08511741";
  const script = scriptOf("sealed");
  const part = script.slice(script.indexOf("uuid_of() {"), script.indexOf("data=$(partition"));
  const { root, verity } = rootUuidsOf(rootHash);
  assert.equal(runPart(`roothash=${rootHash}\n${part}\necho "$data_uuid $hash_uuid"`), `${root} ${verity}\n`);
});

test("the signature is read from a partition as the build and systemd-repart fill it", () => {
  const rootHash = "38540cfc56ee1e38a5a63895952714548d416b3516f4d23dd637306a08511741";
  const script = scriptOf("sealed");
  const part = script.slice(
    script.indexOf("if [ $secure_boot = yes ]; then\n  middle="),
    script.indexOf("veritysetup open"),
  );
  const folder = mkdtempSync(join(tmpdir(), "socle-initrd-"));
  const ask = (json: string) => {
    const file = join(folder, "partition");
    writeFileSync(file, Buffer.concat([Buffer.from(json), Buffer.alloc(4096)]));
    return runPart(
      `die() { echo "died: $*"; exit 0; }\nsecure_boot=yes roothash=${rootHash} options=\n` +
        `uuid_of() { echo "$1"; }\npartition() { echo ${file}; }\n` +
        `${part.replaceAll("/run/socle/", `${folder}/`)}\ncat ${folder}/root-hash.p7s; echo " $signature_uuid$options"`,
    );
  };
  const encoded = Buffer.from("signed").toString("base64");
  try {
    assert.equal(
      ask(JSON.stringify({ rootHash, signature: encoded })),
      `signed ${rootHash.slice(16, 48)} --root-hash-signature=${folder}/root-hash.p7s\n`,
    );
    assert.match(
      ask(JSON.stringify({ rootHash, certificateFingerprint: "00", signature: encoded }, null, 1)),
      /^signed /,
    );
    assert.match(
      ask(JSON.stringify({ rootHash: "0".repeat(64), signature: encoded })),
      /^died: .* is not for/,
    );
    assert.match(ask(""), /^died: .* is not for/);
    assert.match(ask(JSON.stringify({ rootHash, signature: "*" })), /^died: .* cannot be read/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("under Secure Boot alone the kernel is told to demand signatures and given the policy", () => {
  for (const [name, script] of SCRIPTS) {
    assert.equal(script.includes("modprobe -q dm_verity require_signatures=1"), name !== "classic", name);
    const wantsPolicy = ["sealed", "total", "custom"].includes(name);
    assert.equal(script.includes("/sys/kernel/security/ipe"), wantsPolicy, name);
  }
});

test("a machine id made in the initrd has the form that machine-id(5) wants", () => {
  const script = scriptOf("sealed");
  const part = script.slice(script.indexOf("  read -r uuid <"), script.indexOf('  echo "$id"'));
  assert.match(runPart(`${part}\necho "$id"`), /^[0-9a-f]{32}\n$/);
});

test("the command line is searched word by word, and a root hash of another length ends the boot", () => {
  const script = scriptOf("sealed");
  const part = script.slice(script.indexOf("roothash= options="), script.indexOf("# The first half"));
  const ask = (commandline: string) =>
    runPart(
      `die() { echo "died: $*"; exit 0; }\ncommandline='${commandline}'\n${part}\necho "$roothash $options"`,
    );
  const hash = "ab".repeat(32);
  assert.equal(ask(`ro xroothash=no roothash=${hash} quiet`), `${hash} \n`);
  assert.equal(
    ask(`roothash=${hash} systemd.verity_root_options=panic-on-corruption`),
    `${hash} --panic-on-corruption\n`,
  );
  for (const bad of ["ro quiet", "roothash=", "roothash=abcd", `roothash=${hash}00`]) {
    assert.equal(ask(bad), "died: the command line has no roothash= of 64 characters\n");
  }
});

test("what the chain itself needs is loaded always", () => {
  for (const module of ["dm_verity", "erofs", "overlay", "ext4"]) {
    assert.ok([...INITRD_MODULES.always, ...INITRD_MODULES.verity].includes(module as never), module);
  }
});
