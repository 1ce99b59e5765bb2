import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const CLONE = join(import.meta.dirname, "../..");
const SOCLE = join(CLONE, "bin/socle");

const folder = await mkdtemp(join(tmpdir(), "socle-cli-"));
after(() => rm(folder, { recursive: true }));

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in an empty folder, without colours. */
async function run(program: string, words: readonly string[], input?: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      NO_COLOR: "1",
      FORCE_COLOR: undefined,
      CI: "1",
      LANG: "C.UTF-8",
      LC_ALL: undefined,
    };
    const child = execFile(program, [...words], { cwd: folder, env }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number")
        reject(new Error(`${program} did not run`, { cause: error }));
      else resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

async function socle(...words: string[]): Promise<Outcome> {
  return run(SOCLE, words);
}

test("without a command it says what there is, in groups, and is content", async () => {
  const { exitCode, stdout, stderr } = await socle();
  assert.equal(exitCode, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^Image:\n +init .*^Machine:\n +vm .*^Other:\n +cache /ms);
  assert.doesNotMatch(stdout, /^ +(start|complete) /m);
  assert.equal((await socle("--help")).stdout, stdout);
});

test("each command's help has its examples and the options that all share", async () => {
  for (const command of [
    "init",
    "check",
    "show",
    "lock",
    "build",
    "diff",
    "vm",
    "status",
    "rollback",
    "reboot",
    "poweroff",
    "reset",
    "cache",
    "doctor",
    "completion",
  ]) {
    const { exitCode, stdout } = await socle("help", command);
    assert.equal(exitCode, 0, command);
    assert.match(
      stdout,
      new RegExp(`^Usage: socle ${command}.*Global Options:.*--progress.*Examples:\n +`, "ms"),
    );
  }
});

test("each verb of update has its examples, and its options can be completed", async () => {
  for (const verb of ["check", "plan", "why", "apply", "watch", "cancel", "hold", "unhold"]) {
    const { exitCode, stdout } = await socle("update", verb, "--help");
    assert.equal(exitCode, 0, verb);
    assert.match(
      stdout,
      new RegExp(`^Usage: socle update ${verb} .*Examples:\n +socle update ${verb}`, "ms"),
    );
  }
  const { stdout } = await socle("complete", "--", "update", "apply", "--re");
  assert.match(stdout, /^--repository\t.*^--release\t.*^--retry\t/ms);
});

test("a hold has a reason and one end, in a form that is said", async () => {
  const cases: [words: string[], message: RegExp][] = [
    [[], /required option '--reason <text>' not specified/],
    [["--reason", "r", "--for", "2 weeks"], /write a number and a unit: 90m, 2h or 3d/],
    [["--reason", "r", "--until", "tomorrow"], /write a day such as 2026-12-01/],
    [["--reason", "r", "--until", "2026-12-01", "--for", "2h"], /cannot be used with/],
  ];
  for (const [words, message] of cases) {
    const { exitCode, stderr } = await socle("update", "hold", ...words);
    assert.equal(exitCode, 2);
    assert.match(stderr, message);
  }
});

test("it says its version", async () => {
  assert.match((await socle("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
});

const USAGE_ERRORS: readonly (readonly [words: string[], message: RegExp])[] = [
  [["statsu"], /^✗ unknown command 'statsu' — did you mean status\?\n/],
  [["build", "--ofline"], /^✗ unknown option '--ofline' — did you mean --offline\?\n/],
  [["vm", "--firmware", "bios"], /^✗ option '--firmware <kind>' is "bios": use one of: uefi, direct/],
  [["vm", "--memory", "lots"], /is "lots": write a size in whole MiB, such as 512M or 4G\n/],
  [["vm", "--cpus", "0"], /is "0": write a whole number from 1 to 256\n/],
  [["vm", "--forward", "80"], /is "80": write HOST:GUEST, two ports such as 8080:80\n/],
  [["vm", "--forward", "0:80"], /is "0:80": write a port from 1 to 65535\n/],
  [["cache", "eat"], /is "eat": use one of: show, prune, clear/],
  [["init"], /^✗ missing required argument 'folder'\n/],
  [["build", "--progress", "loud"], /is "loud": use one of: tty, plain, json/],
];

for (const [words, message] of USAGE_ERRORS) {
  test(`"socle ${words.join(" ")}" is refused with exit code 2 and what would be right`, async () => {
    const { exitCode, stdout, stderr } = await socle(...words);
    assert.equal(exitCode, 2);
    assert.equal(stdout, "");
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /invalid/);
  });
}

test("a folder without a definition is an error that says which names were looked for", async () => {
  const { exitCode, stderr } = await socle("build");
  assert.equal(exitCode, 2);
  assert.match(
    stderr,
    /there is none of system\.ts, system\.yaml, system\.yml\n {2}Fix .*\n.*\n {2}no-definition/,
  );
});

test("with --json an error is a JSON line", async () => {
  const { exitCode, stderr } = await socle("build", "--json");
  const { kind, code, exitCode: told } = JSON.parse(stderr) as Record<string, unknown>; // that it parses is the test
  assert.deepEqual({ kind, code, told }, { kind: "failed", code: "no-definition", told: exitCode });
});

test("with --debug an error shows its stack", async () => {
  assert.match((await socle("build", "--debug")).stderr, /UsageError: .*\n +at findDefinitionFile /);
});

test("doctor tells the host's state to people and to programs, and its exit code agrees", async () => {
  const { exitCode, stdout } = await socle("doctor", "-o", "json");
  const { kind, isReady, checks } = JSON.parse(stdout) as {
    kind: string;
    isReady: boolean;
    checks: unknown[];
  }; // asserted below
  assert.equal(kind, "HostChecks");
  assert.equal(exitCode, isReady ? 0 : 1);
  assert.equal(checks.length, 8);
  assert.match((await socle("doctor")).stdout, /^[✓!✗] node {8}Node 24\./);
});

test("the launcher works through a chain of links", async () => {
  await mkdir(join(folder, "bin"));
  await symlink(SOCLE, join(folder, "bin/first"));
  await symlink("first", join(folder, "bin/socle"));
  assert.equal((await run(join(folder, "bin/socle"), ["--version"])).exitCode, 0);
});

test("in a clone without packages the launcher says what installs them", async () => {
  const bare = join(folder, "bare clone");
  await mkdir(join(bare, "bin"), { recursive: true });
  await copyFile(SOCLE, join(bare, "bin/socle"));
  const { exitCode, stderr } = await run(join(bare, "bin/socle"), ["check"]);
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /its packages are not installed in .*bare clone\n {2}Fix .*\(cd '.*bare clone' && npm ci\)\n/,
  );
});

/** What bash offers after these words, by the script that a user would source. */
async function completeInBash(words: readonly string[]): Promise<string[]> {
  const { stdout: script } = await socle("completion", "bash");
  const ask = [
    script,
    script, // a second time, as a new shell in a shell does
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))",
    "compopt() { :; }", // only works inside a real completion
    "__socle_complete",
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join("\n");
  const { stdout, stderr } = await run("bash", ["--norc", "-s"], ask);
  assert.equal(stderr, "");
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash completes commands, values of options and definition files", async () => {
  await mkdir(join(folder, "systems"), { recursive: true });
  await copyFile(SOCLE, join(folder, "systems/edge.yaml"));
  assert.deepEqual(await completeInBash(["socle", "sta"]), ["status"]);
  assert.deepEqual(await completeInBash(["socle", "vm", "--firmware", ""]), ["uefi", "direct"]);
  assert.deepEqual(await completeInBash(["socle", "build", "sys"]), ["systems/"]);
  assert.deepEqual(await completeInBash(["socle", "build", "systems/"]), ["systems/edge.yaml"]);
  assert.deepEqual(await completeInBash(["socle", "completion", "f"]), ["fish"]);
});

/** A process that watches for signals and, when the first has come, cleans up for `cleanUpMs`. */
function startInterruptible(cleanUpMs: number) {
  const program = `
    const { watchInterrupts } = await import(${JSON.stringify(join(CLONE, "src/cli/interrupts.ts"))});
    const interrupts = watchInterrupts(() => console.log("stopping"));
    interrupts.signal.addEventListener("abort", () => {
      setTimeout(() => { console.log("cleaned up"); process.exit(interrupts.exitCode()); }, ${cleanUpMs});
    });
    setInterval(() => {}, 1000);
    console.log("ready");`;
  return spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

test("the first Ctrl-C cleans up and ends with 130, SIGTERM with 143", async () => {
  for (const [signal, wanted] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const child = startInterruptible(10);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    await once(child.stdout, "data");
    child.kill(signal);
    const [exitCode] = (await once(child, "close")) as [number | null];
    assert.equal(exitCode, wanted);
    assert.equal(output, "ready\nstopping\ncleaned up\n");
  }
});

test("a second Ctrl-C leaves at once", async () => {
  const child = startInterruptible(60_000);
  await once(child.stdout, "data");
  child.kill("SIGINT");
  await Promise.race([once(child.stdout, "data"), sleep(5_000)]);
  child.kill("SIGINT");
  const [exitCode] = (await once(child, "close")) as [number | null];
  assert.equal(exitCode, 130);
});
