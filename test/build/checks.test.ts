import assert from "node:assert/strict";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";

import { CLONE, TestWorkspace, toFailure, toRelease, type Outcome } from "./workspace.ts";

const workspace = await TestWorkspace.make();
after(async () => workspace[Symbol.asyncDispose]());
// The clone's own results, as far as they are the same: this is the minimal system with another file.
await mkdir(join(workspace.home, "steps"));
const SAME = ["packages", "inventory", "initrd", "node", "agent"];
for (const step of (await readdir(join(CLONE, ".socle/steps"))).filter((name) => SAME.includes(name)))
  await symlink(join(CLONE, ".socle/steps", step), join(workspace.home, "steps", step));

/** The minimal system, whose own checks run too, with one more file and these checks. */
async function defineChecks(motd: string, checks: string): Promise<void> {
  const text = `import { createHash } from "node:crypto";
import { extendSystem } from "socle";
import { noPackage } from "socle/checks";
export default extendSystem(${JSON.stringify(join(CLONE, "systems/minimal/system.ts"))}, {
  files: { "/etc/motd": ${JSON.stringify(motd)} },
  checks: [${checks}],
});\n`;
  await writeFile(workspace.definition, text);
}

const sumsOf = (output: string) => readFile(join(workspace.folder, output, "SHA256SUMS"), "utf8");

/** What the step says at its end. */
function findChecksDone({ stderr }: Outcome): string | undefined {
  return /"kind":"step-done","step":"checks".*"detail":"([^"]*)"/.exec(stderr)?.[1];
}

test("a release that its checks find nothing in is written, and they are asked again at each build", async () => {
  await defineChecks("one\n", 'noPackage("no-such-package")');
  for (const outcome of [await workspace.build("out"), await workspace.build("out")]) {
    toRelease(outcome);
    assert.equal(findChecksDone(outcome), "4 checks");
  }
  await workspace.verifyChecksums("out");
});

test("a finding fails the build, all are told, and the release that was there stays", async () => {
  const before = await sumsOf("out");
  await defineChecks(
    "two\n",
    `noPackage("bash"),
     { name: "own", check: ({ id, level, files }) =>
       files.filter(({ path }) => path === "/etc/motd").map(({ path, mode }) => ({ path, message: [id, level, mode].join() })) },
     { name: "broken", check: () => { throw new RangeError("gone wrong"); } }`,
  );
  for (const output of ["out", "new"]) {
    const outcome = await workspace.build(output);
    const { code, message, exitCode } = toFailure(outcome);
    assert.equal(code, "checks-failed");
    assert.equal(exitCode, 1);
    assert.equal(outcome.exitCode, 1);
    assert.equal(outcome.stdout, "");
    assert.match(
      message,
      new RegExp(
        [
          "^Cannot release minimal 1\\.0: 2 of 6 checks found something, 1 broke",
          "",
          "  no package bash",
          "    bash \\S+ is installed",
          "",
          "  own",
          `    /etc/motd   minimal,sealed,${0o644}`,
          "",
          "  broken",
          "    broke: it threw RangeError: gone wrong",
          `    at ${workspace.definition}:\\d+:\\d+$`,
        ].join("\n"),
      ),
    );
  }
  assert.equal(await sumsOf("out"), before);
  await workspace.verifyChecksums("out");
  assert.deepEqual((await workspace.list(".")).toSorted(), ["home", "out", "project"]);
  assert.deepEqual(await workspace.list("home/work"), []);
});

test("a check reads the files of the built tree, and a release that satisfies it takes the old one's place", async () => {
  const before = await sumsOf("out");
  await defineChecks(
    "two\n",
    `{ name: "files are as they are listed", async check({ files, readFile }) {
       const listed = files.filter(({ type, path }) => type === "file" && /^\\/(etc|usr\\/lib\\/systemd)\\//.test(path));
       const findings = listed.length < 100 ? ["too few files are listed"] : [];
       for (const { path, sha256 } of listed) {
         const bytes = await readFile(path);
         const found = bytes && createHash("sha256").update(bytes).digest("hex");
         if (found !== sha256) findings.push({ path, message: "is not what is listed" });
       }
       return findings;
     } },
     { name: "the tree", async check({ readFile, kernelCommandLine, kernelVersion, rootBytes, ukiBytes }) {
       const text = async (path) => new TextDecoder().decode(await readFile(path));
       return [
         (await text("/etc/motd")) === "two\\n" || "the definition's file is not there",
         /^IMAGE_ID="?minimal"?$/m.test(await text("/etc/os-release")) || "no symlink is followed",
         (await readFile("/bin/sh"))?.length > 1000 || "no folder that is a symlink is followed",
         (await readFile("/etc")) === undefined || "a folder is read",
         (await readFile("/../../etc/hosts-of-the-host")) === undefined || "it leaves the tree",
         /roothash=[0-9a-f]{64}/.test(kernelCommandLine) || kernelCommandLine,
         /^\\d+\\.\\d+/.test(kernelVersion) || kernelVersion,
         rootBytes > 1e8 || "no root", ukiBytes > 1e7 || "no kernel image",
       ].filter((finding) => finding !== true);
     } }`,
  );
  const outcome = await workspace.build("out");
  toRelease(outcome);
  assert.equal(findChecksDone(outcome), "5 checks");
  assert.notEqual(await sumsOf("out"), before);
  await workspace.verifyChecksums("out");
});
