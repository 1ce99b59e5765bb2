import assert from "node:assert/strict";
import { test } from "node:test";
import { SECURE_BOOT_PATH } from "./facts/efiVariables.ts";
import { encodeNotPristine, NOT_PRISTINE_PATH } from "./facts/notPristine.ts";
import { readMachineFacts } from "./machineFacts.ts";
import { createMemoryMachine, type MemoryMachineContent } from "./memoryMachine.ts";
import { findProblems } from "./problems.ts";
import {
  IMAGE,
  IPE,
  LIST_FAILED,
  ROOT_HASH,
  SHOW_MANAGER,
  VERITY_STATUS,
  sealedMachine,
} from "./sealedMachine.fixture.ts";

const SECURE_BOOT_OFF = { [SECURE_BOOT_PATH]: Uint8Array.of(6, 0, 0, 0, 0) };
const MOUNTINFO = sealedMachine.files["/proc/1/mountinfo"] as string;

function sealedWith(change: Partial<MemoryMachineContent>) {
  return createMemoryMachine({
    files: { ...sealedMachine.files, ...change.files },
    folders: { ...sealedMachine.folders, ...change.folders },
    outputs: { ...sealedMachine.outputs, ...change.outputs },
    entries: sealedMachine.entries,
  });
}

const readProblems = async (change: Partial<MemoryMachineContent>) =>
  findProblems(await readMachineFacts(sealedWith(change)));

test("a healthy sealed machine is read whole", async () => {
  const facts = await readMachineFacts(createMemoryMachine(sealedMachine));
  assert.deepEqual(facts.unreadable, []);
  assert.equal(facts.prettyName, "Minimal 1.0.0");
  assert.equal(facts.hostname, "edge-01");
  assert.equal(facts.uptimeUs, 13_270_000);
  assert.deepEqual(facts.rootPartition, { device: "vda4", number: 4, label: "minimal_1.0.0" });
  assert.deepEqual(facts.verity, {
    state: "verified",
    rootHash: ROOT_HASH,
    signed: true,
    flags: ["panic_on_corruption"],
  });
  assert.equal(facts.commandLineRootHash, ROOT_HASH);
  assert.deepEqual(facts.bootTimes, {
    firmwareUs: 2_100_000,
    loaderUs: 1_300_000,
    kernelUs: 2_900_000,
    initrdUs: 2_300_000,
    userspaceUs: 7_500_000,
  });
  assert.deepEqual(facts.bootCount, { left: 1, done: 2, blessed: true });
  assert.equal(facts.secureBoot, true);
  assert.equal(facts.lockdown, "integrity");
  assert.deepEqual(facts.executionControl, {
    supported: true,
    enforced: true,
    policies: [{ name: "socle", version: "1.0.0", active: true }],
  });
  assert.deepEqual(findProblems(facts), []);
});

test("a classic machine has no verity, no slot, and no problem with that", async () => {
  const image = {
    id: "classic",
    version: "1.0.0",
    name: "Classic",
    level: "classic",
    policies: { usr: "writable", etc: "writable", var: "writable" },
    rootSlots: {},
  };
  const facts = await readMachineFacts(
    sealedWith({
      files: {
        "/usr/lib/socle/image.json": JSON.stringify(image),
        "/proc/1/mountinfo": "26 1 254:2 / / rw,relatime shared:1 - ext4 /dev/vda2 rw\n",
        "/proc/cmdline": "root=PARTUUID=1-2 rw\n",
        "/sys/dev/block/254:2/uevent": "DEVNAME=vda2\nDEVTYPE=partition\nPARTN=2\nPARTNAME=classic_1.0.0\n",
      },
    }),
  );
  assert.equal(facts.verity, undefined);
  assert.deepEqual(facts.rootPartition, { device: "vda2", number: 2, label: "classic_1.0.0" });
  assert.deepEqual(findProblems(facts), []);
});

test("a command line that asks for another root hash than the kernel verifies is a problem", async () => {
  const [problem = "", ...others] = await readProblems({
    files: { "/proc/cmdline": `roothash=${"ab".repeat(32)}` },
  });
  assert.match(problem, /^the kernel verifies the root against "4be1/);
  assert.deepEqual(others, []);
});

test("a corrupted root is a problem", async () => {
  const problems = await readProblems({
    outputs: { "veritysetup status root": VERITY_STATUS.replace("verified", "corrupted") },
  });
  assert.deepEqual(problems, [
    "the root is corrupted: the kernel read a block that does not match the hash tree",
  ]);
});

test("a verity state that cannot be read is never taken for a good one", async () => {
  const problems = await readProblems({ outputs: { "veritysetup status root": new Error("exit code 1") } });
  assert.deepEqual(problems, [
    "whether the root is intact is not known: its dm-verity status could not be read",
    'cannot read the dm-verity status of "root": exit code 1',
  ]);
});

test("a device called root that is not dm-verity does not pass for a seal", async () => {
  const problems = await readProblems({ files: { "/sys/dev/block/253:0/dm/uuid": "LVM-abc\n" } });
  assert.deepEqual(problems, ['/usr should be "verified", but the root is not on dm-verity']);
});

test("under Secure Boot, a root without a signature is a problem", async () => {
  const change = { outputs: { "veritysetup status root": VERITY_STATUS.replace(" (with signature)", "") } };
  assert.deepEqual(await readProblems(change), [
    "Secure Boot is on, but the kernel checked no signature of the root hash",
  ]);
  assert.deepEqual(await readProblems({ ...change, files: SECURE_BOOT_OFF }), []);
});

test("under Secure Boot, an image that wants only signed code to run has a problem without an active, enforced policy", async () => {
  const cases: [change: Partial<MemoryMachineContent>, why: string][] = [
    [{ files: { [`${IPE}/enforce`]: "0" } }, "the kernel does not enforce the execution policy"],
    [{ files: { [`${IPE}/policies/socle/active`]: "0" } }, "no execution policy is active"],
    [{ folders: { [`${IPE}/policies`]: [] } }, "no execution policy is loaded"],
    [
      { files: { [`${IPE}/enforce`]: undefined } },
      "the kernel has no execution control, or it could not be read",
    ],
  ];
  for (const [change, why] of cases) {
    assert.deepEqual(await readProblems(change), [
      `Secure Boot is on, and only signed code should run, but ${why}`,
    ]);
    // Without Secure Boot the kernel has no key to check a policy with: visible, but nothing is broken.
    assert.deepEqual(await readProblems({ ...change, files: { ...change.files, ...SECURE_BOOT_OFF } }), []);
    // An image that does not want it has nothing to miss.
    const image = { ...IMAGE, executionControl: "off" };
    const files = { ...change.files, "/usr/lib/socle/image.json": JSON.stringify(image) };
    assert.deepEqual(await readProblems({ ...change, files }), []);
  }
});

test("an image description from before execution control wants none", async () => {
  const { executionControl, signing, ...image } = IMAGE;
  assert.deepEqual([executionControl, signing], ["signed", "project"]);
  const facts = await readMachineFacts(
    sealedWith({ files: { "/usr/lib/socle/image.json": JSON.stringify(image) } }),
  );
  assert.equal(facts.image.executionControl, "off");
  assert.equal(facts.image.signing, undefined);
});

test("mounts that break the policy of a tree are problems", async () => {
  const problems = await readProblems({
    files: {
      "/proc/1/mountinfo": MOUNTINFO.replace(
        "/etc ro,relatime shared:13 - overlay overlay ro",
        "/etc rw - overlay overlay rw",
      ).replace("rw,nosuid,nodev,noexec,relatime shared:14", "rw,relatime shared:14"),
    },
  });
  assert.deepEqual(problems, [
    '/etc should be "rendered", that is read-only, but is mounted read-write (overlay on /etc)',
    '/var should be "persistent-noexec", that is without executables, but is mounted without noexec (/var)',
  ]);
});

test("a debug session is a problem for good, with who, when and why where its mark says so", async () => {
  const mark = { since: "2026-03-01T12:00:00.000Z", who: "alice", reason: "disk errors", id: "x" };
  const table: readonly (readonly [text: string, problem: string])[] = [
    [
      encodeNotPristine(mark),
      'not pristine: "alice" had a debug session at 2026-03-01T12:00:00.000Z: disk errors',
    ],
    // The mark is that the file is there: a power cut may leave it empty.
    ["", "not pristine: there was a debug session, and its mark cannot be read"],
    ["[]", "not pristine: there was a debug session, and its mark cannot be read"],
    [
      encodeNotPristine({ ...mark, reason: "\u001b[2Jgone" }),
      'not pristine: "alice" had a debug session at 2026-03-01T12:00:00.000Z:  [2Jgone',
    ],
  ];
  for (const [text, problem] of table)
    assert.deepEqual(await readProblems({ files: { [NOT_PRISTINE_PATH]: text } }), [problem]);
});

test("failed units are problems, with systemd's reason", async () => {
  const show =
    "systemctl show --property=Id,Description,Result,ExecMainCode,ExecMainStatus -- nginx.service data.mount";
  const problems = await readProblems({
    outputs: {
      [LIST_FAILED]: `[{"unit":"nginx.service","load":"loaded","active":"failed","sub":"failed","description":"web"},{"unit":"data.mount","load":"loaded","active":"failed","sub":"failed","description":"/data"}]`,
      [show]:
        "Id=nginx.service\nDescription=web\nResult=exit-code\nExecMainCode=1\nExecMainStatus=203\n\nId=data.mount\nDescription=/data\nResult=exit-code\n",
    },
  });
  assert.deepEqual(problems, [
    "nginx.service failed: exit-code (status 203)",
    "data.mount failed: exit-code",
  ]);
});

test("a systemd that does not answer takes nothing else away", async () => {
  const facts = await readMachineFacts(
    sealedWith({
      outputs: { [SHOW_MANAGER]: new Error("timed out"), [LIST_FAILED]: new Error("timed out") },
    }),
  );
  assert.equal(facts.systemState, "");
  assert.equal(facts.verity?.state, "verified");
  assert.deepEqual(facts.unreadable, [
    "cannot read the state of systemd: timed out",
    "cannot read the failed units: timed out",
  ]);
});

test("an image description with an unknown key or policy is refused with all problems", async () => {
  const text = JSON.stringify({
    id: "minimal",
    version: "1",
    name: "",
    level: "sealed",
    policies: { usr: "sealed", etc: "rendered", var: "persistent" },
    rootSlots: { A: 0 },
    extra: 1,
  });
  await assert.rejects(
    readMachineFacts(sealedWith({ files: { "/usr/lib/socle/image.json": text } })),
    (error: Error) => {
      assert.match(error.message, /policies\.usr/);
      assert.match(error.message, /rootSlots\.A/);
      assert.match(error.message, /extra/);
      return true;
    },
  );
});
