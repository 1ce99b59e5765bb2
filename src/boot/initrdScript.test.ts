import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { defaultExecutionControl, LEVELS, type TreePolicies } from "#definition/levels.ts";

import { encodeInitrdScript, INITRD_MODULES, INITRD_PROGRAMS, STATE_FOLDER } from "./initrdScript.ts";
import { rootUuidsOf } from "./partitionUuids.ts";
import { encodeWatchdogOptions } from "./watchdogScript.ts";
import {
  encodeOneShot,
  GONE_BACK_FROM_PATH,
  LOADER_NAMESPACE,
  UNFINISHED_BOOTS_PATH,
  WAY_BACK_PATH,
} from "./unfinishedBoots.ts";

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
          /(?:^|[;&|(]|\$\(| do | then |\{ )\s*(mkdir|mount|sync|rm|cp|modprobe|findfs|sleep|e2fsck|veritysetup|switch_root|cat|head|tr|base64|umount|od|dd|grep|sed|awk|blkid|udevadm)\b/gm,
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

/** The part that counts starts, in a folder that stands for the machine's. */
interface Start {
  /** Of EFI variables. */
  readonly started?: string;
  readonly counted?: string;
  readonly unfinished?: string;
  readonly wayBack?: Buffer;
}

interface Started {
  readonly said: string;
  readonly unfinished: string | undefined;
  readonly oneShot: Buffer | undefined;
  readonly goneBackFrom: string | undefined;
  readonly isRestarted: boolean;
}

function start({ started, counted, unfinished, wayBack }: Start): Started {
  using folder = mkdtempDisposableSync(join(tmpdir(), "socle-initrd-"));
  const at = (path: string) => join(folder.path, path);
  const variable = (name: string) => at(`efivars/${name}-${LOADER_NAMESPACE}`);
  mkdirSync(at("efivars"));
  mkdirSync(at("sysroot/var/lib/socle/boots"), { recursive: true });
  const put = (path: string, content: string | Buffer | undefined) =>
    content === undefined || writeFileSync(path, content);
  put(variable("StubImageIdentifier"), started === undefined ? undefined : encodeOneShot(started));
  put(variable("LoaderBootCountPath"), counted === undefined ? undefined : encodeOneShot(counted));
  put(at(`sysroot${UNFINISHED_BOOTS_PATH}`), unfinished);
  put(at(`sysroot${WAY_BACK_PATH}`), wayBack);
  const script = scriptOf("sealed");
  const part = script
    .slice(script.indexOf("variables=/sys"), script.indexOf("[ -s /sysroot/var/lib/socle/machine-id ]"))
    .replaceAll("/sysroot", at("sysroot"))
    .replaceAll("/sys/firmware/efi/efivars", at("efivars"))
    .replaceAll("/proc/sysrq-trigger", at("sysrq"));
  const said = runPart(
    `say() { echo "$*"; }\ndie() { echo "died: $*"; exit 0; }\nmount() { echo "mount $*"; }\nset +e\n${part}`,
  );
  const get = (path: string) => (existsSync(path) ? readFileSync(path) : undefined);
  return {
    said,
    unfinished: get(at(`sysroot${UNFINISHED_BOOTS_PATH}`))
      ?.toString()
      .trim(),
    oneShot: get(variable("LoaderEntryOneShot")),
    goneBackFrom: get(at(`sysroot${GONE_BACK_FROM_PATH}`))
      ?.toString()
      .trim(),
    isRestarted: get(at("sysrq"))?.toString() === "b\n",
  };
}

const IMAGE = String.raw`\EFI\Linux\nginx_1.1.efi`;
const COUNTS: readonly (readonly [what: string, start: Start, unfinished: string | undefined])[] = [
  ["the first start", { started: IMAGE }, "1"],
  ["one more", { started: IMAGE, unfinished: "3\n", wayBack: encodeOneShot("minimal_1.0.efi") }, "4"],
  ["one without a way back", { started: IMAGE, unfinished: "7\n" }, "8"],
  ["one after a cut that left the file empty", { started: IMAGE, unfinished: "" }, "1"],
  ["one after the file was damaged", { started: IMAGE, unfinished: "12x; reboot\n" }, "1"],
  ["one that the loader counts", { started: IMAGE, counted: IMAGE, unfinished: "2\n" }, "2"],
  [
    "one after an image that the firmware refused",
    { started: IMAGE, counted: String.raw`\EFI\Linux\minimal_1.2+2-1.efi`, unfinished: "2\n" },
    "3",
  ],
  ["one without UEFI", { unfinished: "2\n" }, "2"],
];

for (const [what, situation, unfinished] of COUNTS) {
  test(`starts of a confirmed system are counted: ${what}`, () => {
    const { said, oneShot, isRestarted, ...found } = start(situation);
    assert.deepEqual(found, { unfinished, goneBackFrom: undefined });
    assert.deepEqual([said, oneShot, isRestarted], ["", undefined, false]);
  });
}

test("after four starts that did not come to their end, the loader is told to go back, once", () => {
  const wayBack = encodeOneShot("minimal_1.0.efi");
  const { said, ...found } = start({ started: IMAGE, unfinished: "4\n", wayBack });
  assert.match(
    said,
    /^4 starts of nginx_1\.1\.efi did not come to their end: going back\nmount -o remount,ro .*var\n/,
  );
  assert.deepEqual(found, {
    unfinished: "0",
    oneShot: wayBack,
    goneBackFrom: "nginx_1.1.efi",
    isRestarted: true,
  });
});

test("only where the root is verified and /var stays are starts counted", () => {
  for (const [name, script] of SCRIPTS)
    assert.equal(script.includes(UNFINISHED_BOOTS_PATH), ["semi", "sealed"].includes(name), name);
});

test("a reset is done when /var is mounted, and before anything uses it; the watchdog is fed meanwhile", () => {
  for (const [name, script] of SCRIPTS) {
    const places = [
      "fed() {",
      '"$var" /sysroot/var || die',
      "fed make_new",
      UNFINISHED_BOOTS_PATH,
      name === "semi" ? "mount -t overlay" : "/machine-id ]",
    ].map((text) => script.indexOf(text));
    if (!["semi", "sealed"].includes(name)) assert.equal(places[2], -1, name);
    else
      assert.deepEqual(
        places,
        places.filter((place) => place > 0).toSorted((a, b) => a - b),
        name,
      );
  }
});

test("the watchdog runs before anything is waited for, is fed once more at the end, and is closed for systemd", () => {
  for (const [name, script] of SCRIPTS) {
    const [armed, waited] = [script.indexOf("exec 9> /dev/watchdog0"), script.indexOf("$(partition")];
    assert.ok(armed > 0 && armed < waited, name);
    assert.match(script, /\nfeed\n\[ \$watched = no \] \|\| exec 9>&-\nexec switch_root/, name);
    // The letter would stop it.
    assert.doesNotMatch(script, /echo V/, name);
  }
});

test("a machine without a watchdog, or whose watchdog cannot be opened, starts as well", () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "socle-initrd-"));
  const script = scriptOf("sealed");
  const arm = script.slice(script.indexOf("watched=no"), script.indexOf("# Waits for the partition"));
  const ask = (device: string, isThere: string) =>
    runPart(
      `say() { echo "$*"; }\nset +e\n${arm.replace("[ -c /dev/watchdog0 ]", isThere).replaceAll("/dev/watchdog0", device)}\nfeed\necho on`,
    );
  assert.equal(ask("/nowhere/at/all", "false"), "watchdog: no\non\n");
  assert.equal(ask("/nowhere/at/all", "true"), "watchdog: no\non\n");
  const device = join(folder.path, "watchdog");
  assert.equal(ask(device, "true"), "watchdog: yes\non\n");
  assert.equal(readFileSync(device, "utf8"), ".\n.\n");
});

const CHECKS: readonly (readonly [status: number, isGood: boolean])[] = [
  [0, true],
  [1, true],
  [3, true],
  [4, false],
  [8, false],
];

for (const [status, isGood] of CHECKS) {
  test(`a file system whose check ends with ${status} is ${isGood ? "mounted" : "not mounted"}, and nobody holds the watchdog`, () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), "socle-initrd-"));
    const script = scriptOf("sealed");
    const part = script.slice(script.indexOf("fed() {"), script.indexOf("var=$(partition"));
    const watchdog = join(folder.path, "watchdog");
    const said = runPart(
      `set +e\nexec 9> ${watchdog}\nfeed() { echo . >&9; }\ne2fsck() { sleep 0.1; return ${status}; }\n` +
        `${part.replaceAll("/dev/kmsg", "/dev/null")}\ncheck /dev/disk && echo good || echo damaged\n` +
        `exec 9>&-\nfor fd in /proc/[0-9]*/fd/9; do [ "$(readlink $fd)" != ${watchdog} ] || echo held; done`,
    );
    assert.equal(said, isGood ? "good\n" : "damaged\n");
    assert.equal(readFileSync(watchdog, "utf8"), ".\n.\n");
  });
}

test("each driver of a watchdog is told how long it may wait, by the name that it has for that", () => {
  const options = encodeWatchdogOptions();
  assert.match(options, /^options i6300esb heartbeat=120$/m);
  for (const [, module] of options.matchAll(/^options (\S+) \w+=120$/gm))
    assert.ok(INITRD_MODULES.watchdogs.includes(module as never), module);
  assert.equal(options.trimEnd().split("\n").length, 6);
});
