import assert from "node:assert/strict";
import { test } from "node:test";
import { SECURE_BOOT_PATH } from "#agent/facts/efiVariables.ts";
import { readMachineFacts } from "#agent/machineFacts.ts";
import { createMemoryMachine, type MemoryMachineContent } from "#agent/memoryMachine.ts";
import {
  IMAGE,
  IPE,
  ROOT_HASH,
  SHOW_MANAGER,
  VERITY_STATUS,
  sealedMachine,
} from "#agent/sealedMachine.fixture.ts";
import { toStatus } from "#agent/status.ts";
import { renderStatus } from "./renderStatus.ts";
import { toStatusDocument } from "./statusDocument.ts";

const agent = { version: "0.1.0", nodeVersion: "v24.21.0", readyUs: 9_000_000 };

async function readStatus(
  outputs: MemoryMachineContent["outputs"] = {},
  files: MemoryMachineContent["files"] = {},
) {
  const content = {
    ...sealedMachine,
    files: { ...sealedMachine.files, ...files },
    outputs: { ...sealedMachine.outputs, ...outputs },
  };
  return toStatus(await readMachineFacts(createMemoryMachine(content)), agent);
}

test("a healthy machine says so first, then what runs, then the detail", async () => {
  assert.equal(
    renderStatus(await readStatus()),
    `\
edge-01 is healthy, up 13 s

● B  1.0.0  booted  root hash 4be1f07c90c2  vda4 "minimal_1.0.0"

  Level    sealed: /usr verified · /etc rendered · /var persistent-noexec
  Seal     verity ok · root hash as booted · root signed · panic on corruption
  Trust    Secure Boot on · lockdown integrity · only signed code runs (policy socle 1.0.0)
  Boot     16 s: firmware 2.1 s · loader 1.3 s · kernel 2.9 s · initrd 2.3 s · userspace 7.5 s (agent ready 9.0 s after the kernel's start)
  Mounts   TARGET  TYPE     OPTIONS                 SOURCE
           /       erofs    ro                      /dev/mapper/root
           /boot   vfat     rw,noexec,nosuid,nodev  /dev/vda1
           /etc    overlay  ro                      overlay
           /tmp    tmpfs    rw,nosuid,nodev         tmpfs
           /var    ext4     rw,noexec,nosuid,nodev  /dev/vda6
  Failed   no unit
  System   kernel 6.12.48+deb13-cloud-amd64 · agent 0.1.0 on Node v24.21.0
`,
  );
});

test("a machine with problems names each of them below the first line", async () => {
  const text = renderStatus(
    await readStatus({ "veritysetup status root": VERITY_STATUS.replace("verified", "corrupted") }),
  );
  assert.match(text, /^edge-01 has 1 problem, up 13 s\n✗ the root is corrupted: .*\n\n● B /);
  assert.match(text, /Seal +verity CORRUPTED/);
});

test("a machine that still starts is neither healthy nor sick", async () => {
  const text = renderStatus(
    await readStatus({
      [SHOW_MANAGER]:
        "UserspaceTimestampMonotonic=5000000\nFinishTimestampMonotonic=0\nSystemState=starting\n",
    }),
  );
  assert.match(text, /^edge-01 is starting, up 13 s\n\n/);
  assert.match(text, /Boot +not finished: kernel 2\.9 s · initrd 2\.1 s \(agent ready/);
});

test("what the firmware and the kernel let run is said in words", async () => {
  const off = { [SECURE_BOOT_PATH]: Uint8Array.of(6, 0, 0, 0, 0) };
  const unwanted = {
    "/usr/lib/socle/image.json": JSON.stringify({
      ...IMAGE,
      executionControl: "off",
      signing: "development",
    }),
  };
  const noPolicy = { [`${IPE}/policies/socle/active`]: "0" };
  const cases: [files: MemoryMachineContent["files"], line: RegExp][] = [
    [
      noPolicy,
      /Trust +Secure Boot on · lockdown integrity · any code runs, which this image should NOT allow$/m,
    ],
    [
      { ...noPolicy, ...off, "/sys/kernel/security/lockdown": undefined },
      /Trust +Secure Boot off · any code runs \(execution control needs Secure Boot\)$/m,
    ],
    [{ ...noPolicy, ...unwanted }, /Trust +Secure Boot on · lockdown integrity · any code runs$/m],
    [unwanted, /Seal .* · panic on corruption · development keys$/m],
  ];
  for (const [files, line] of cases) assert.match(renderStatus(await readStatus({}, files)), line);
});

test("the document for programs has whole digests and numbers", async () => {
  const document = toStatusDocument(await readStatus());
  assert.equal(document.apiVersion, "socle/v1");
  assert.equal(document.kind, "MachineStatus");
  assert.equal(document.healthy, true);
  assert.equal(document.booted.slot, "B");
  assert.equal(document.booted.rootHash, ROOT_HASH);
  assert.equal(document.image.signing, "project");
  assert.equal(document.secureBoot, "on");
  assert.equal(document.lockdown, "integrity");
  assert.deepEqual(document.executionControl, {
    wanted: "signed",
    supported: true,
    enforced: true,
    policies: [{ name: "socle", version: "1.0.0", active: true }],
  });
  assert.equal(document.bootTimesUs.userspace, 7_500_000);
  assert.deepEqual(document.bootCount, { triesLeft: 1, triesDone: 2, blessed: true });
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
});
