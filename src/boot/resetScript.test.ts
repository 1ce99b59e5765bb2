import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { LEVELS } from "#definition/levels.ts";

import { encodeResetRequest, parseResetRequest, RESET_KINDS, type ResetKind } from "./resetRequest.ts";
import { encodeResetScript } from "./resetScript.ts";

const BOOT_ID = "7d2b4d94-9b0d-4c9d-8a2c-9d5110a3a06f";

/** A machine that has become something, with its image's first content of /var. */
class UsedMachine implements Disposable {
  readonly #folder = mkdtempDisposableSync(join(tmpdir(), "socle-reset-"));
  readonly log = this.at("log");

  constructor() {
    this.write("usr/share/factory/var/lib/nginx/default.html", "hello");
    this.write("usr/share/factory/var/mail/.keep", "");
    chmodSync(this.at("usr/share/factory/var/mail"), 0o2775);
    symlinkSync("/run/of-a-machine", this.at("usr/share/factory/var/run"));
    this.write("var/lib/nginx/default.html", "changed");
    this.write("var/lib/nginx/.htpasswd", "somebody");
    this.write("var/lib/app one/data", "precious");
    this.write("var/.hidden", "x");
    this.write("var/..odd", "x");
    this.write("var/log/journal/0123/system.journal", "x");
    this.write("var/lib/socle/machine-id", "0".repeat(32));
    this.write("var/lib/socle/health/1.json", "{}");
    this.write("var/lib/socle/etc/upper/passwd", "x");
    this.write("var/lib/socle/tuf/root.json", "{}");
    this.write("var/lib/socle/config/current", "3");
    this.write("var/lib/socle/agent/key.pem", "key");
    this.write("var/lib/socle/boots/unfinished", "1");
    this.write("var/lib/socle/update/hold.json", "{}");
    this.write("var/lib/socle/update/quarantine-00.json", "{}");
    symlinkSync(this.at("usr"), this.at("var/usr"));
  }

  at(path: string): string {
    return join(this.#folder.path, path);
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
  }

  ask(kind: ResetKind): void {
    this.write("var/lib/socle/reset", encodeResetRequest({ kind, bootId: BOOT_ID, caller: "alice" }));
  }

  /** The part of the initrd, as it would run there. `more` stands before it. */
  start(more = ""): string {
    const part = encodeResetScript(LEVELS.sealed)
      .replaceAll("/sysroot", this.at(""))
      .replaceAll("/dev/kmsg", this.log);
    // A device gives every line its own end; a file is written over by each `>`.
    const surroundings = `say() { echo "$*"; }\nfed() { "$@"; }\n${more}\n`;
    const { status, stdout, stderr } = spawnSync("dash", ["-u"], {
      input: `${surroundings}${part}`,
      encoding: "utf8",
    });
    assert.deepEqual([status, stderr], [0, ""]);
    return stdout;
  }

  /** All of /var that is no folder, sorted. */
  list(): string[] {
    return readdirSync(this.at("var"), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.at("var/").length))
      .toSorted();
  }

  [Symbol.dispose](): void {
    this.#folder.remove();
  }
}

const FIRST_CONTENT = ["lib/nginx/default.html", "mail/.keep", "run"];
const OF_SLOTS = ["lib/socle/boots/unfinished", "lib/socle/update/quarantine-00.json"];
const OF_CONFIGURATION = ["lib/socle/agent/key.pem", "lib/socle/config/current"];
const AFTER: Readonly<Record<ResetKind, readonly string[]>> = {
  everything: [...FIRST_CONTENT, ...OF_SLOTS],
  "keep-configuration": [...FIRST_CONTENT, ...OF_SLOTS, ...OF_CONFIGURATION],
};

for (const kind of RESET_KINDS) {
  test(`a reset (${kind}) makes /var as the image has it, and keeps what it should`, () => {
    using machine = new UsedMachine();
    machine.ask(kind);
    assert.equal(machine.start(), `reset (${kind}), asked for by alice: /var is made anew\n`);
    assert.deepEqual(machine.list(), AFTER[kind].toSorted());
    assert.equal(readFileSync(machine.at("var/lib/nginx/default.html"), "utf8"), "hello");
    assert.equal(statSync(machine.at("var/mail")).mode & 0o7777, 0o2775);
    assert.ok(existsSync(machine.at("usr/share/factory")), "a symlink to the root is not followed");
    assert.equal(machine.start(), "", "once");
  });
}

test("nothing happens without a request, or with one of another time", () => {
  using machine = new UsedMachine();
  const before = machine.list();
  assert.equal(machine.start(), "");
  assert.deepEqual(machine.list(), before);
  for (const text of ["", "\n", "everything else\n", "burn\n1\nalice\n"]) {
    machine.write("var/lib/socle/reset", text);
    assert.equal(machine.start(), "what /var/lib/socle/reset asks for is not known here\n");
    assert.deepEqual(machine.list(), before, "nothing but the request is gone");
  }
});

test("wherever power is cut, the next start brings the same result", () => {
  // Each command that changes something is a place: the machine is gone before its nth.
  const cut = (nth: number) =>
    `n=0; cut() { n=$((n + 1)); [ $n -lt ${nth} ] || exit 0; }
     rm() { cut; command rm "$@"; }; cp() { cut; command cp "$@"; }; sync() { cut; }`;
  let cuts = 0;
  for (let nth = 1; ; nth++) {
    using machine = new UsedMachine();
    machine.ask("keep-configuration");
    machine.start(cut(nth));
    const isOver = !existsSync(machine.at("var/lib/socle/reset"));
    if (!isOver) {
      cuts++;
      assert.match(machine.start(), /^reset/, `after a cut at ${nth} it goes on`);
    }
    assert.deepEqual(machine.list(), AFTER["keep-configuration"].toSorted(), `cut at ${nth}`);
    if (isOver) break;
  }
  assert.ok(cuts > 15, `${cuts} places`);
});

test("a kept folder that is a symlink goes, and what it leads to stays", () => {
  using machine = new UsedMachine();
  machine.write("elsewhere/current", "not ours");
  machine.ask("keep-configuration");
  spawnSync("rm", ["-rf", machine.at("var/lib/socle/config")]);
  symlinkSync(machine.at("elsewhere"), machine.at("var/lib/socle/config"));
  machine.start();
  assert.ok(!existsSync(machine.at("var/lib/socle/config")));
  assert.equal(readFileSync(machine.at("elsewhere/current"), "utf8"), "not ours");
});

test("what cannot be removed is told of, and the machine starts", () => {
  using machine = new UsedMachine();
  machine.ask("everything");
  machine.start('rm() { case $* in *log*) return 1 ;; esac; command rm "$@"; }');
  assert.match(readFileSync(machine.log, "utf8"), /not all of \/var could be made anew/);
  assert.deepEqual(
    machine.list(),
    [...AFTER.everything, "log/journal/0123/system.journal"].toSorted(),
    "the rest is done, and the request is gone",
  );
});

test("only where /var is a partition of its own has the initrd anything to do", () => {
  const levels = Object.entries(LEVELS).filter(([, policies]) => encodeResetScript(policies) !== "");
  assert.deepEqual(
    levels.map(([name]) => name),
    ["semi", "sealed"],
  );
});

test("a request is read as it was written, and a name cannot say anything to a shell or a terminal", () => {
  for (const kind of RESET_KINDS) {
    const request = { kind, bootId: BOOT_ID, caller: "alice@example.org" };
    assert.deepEqual(parseResetRequest(encodeResetRequest(request)), request);
  }
  const odd = encodeResetRequest({
    kind: "everything",
    bootId: BOOT_ID,
    caller: "a\n$(reboot)\u001B[2J\\n`",
  });
  assert.equal(odd, `everything\n${BOOT_ID}\na???reboot???2J?n?\n`);
  for (const text of ["", "reset\n1\nalice\n", "Everything\n"])
    assert.equal(parseResetRequest(text), undefined);
});
