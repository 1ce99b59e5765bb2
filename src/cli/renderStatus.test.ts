import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { SECURE_BOOT_PATH } from "#agent/facts/efiVariables.ts";
import { encodeNotPristine, NOT_PRISTINE_PATH } from "#agent/facts/notPristine.ts";
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
import { Slot, type GetStatusResponse } from "#protocol/gen/socle/v1/machine_pb.ts";
import {
  GetUpdateStateResponseSchema,
  Phase,
  type GetUpdateStateResponse,
} from "#protocol/gen/socle/v1/update_pb.ts";
import { toMarks } from "./marks.ts";
import { plainPaint } from "./paint.ts";
import { renderStatus as render } from "./renderStatus.ts";
import { toStatusDocument } from "./statusDocument.ts";

const agent = { version: "0.1.0", nodeVersion: "v24.21.0", readyUs: 9_000_000 };

const view = {
  marks: toMarks({}),
  paint: plainPaint,
  now: new Date("2026-11-22T12:00:00Z"),
  command: "socle",
};
const renderStatus = (status: GetStatusResponse, update?: GetUpdateStateResponse) =>
  render(toStatusDocument(status, update), view);

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

test("a machine that had a debug session says so, for a person and for a program", async () => {
  const mark = { since: "2026-03-01T12:00:00.000Z", who: "alice", reason: "disk errors", id: "x" };
  const status = await readStatus({}, { [NOT_PRISTINE_PATH]: encodeNotPristine(mark) });
  assert.match(
    renderStatus(status),
    /^edge-01 has 1 problem, up 13 s\n✗ not pristine: "alice" had a debug session at 2026-03-01T12:00:00.000Z: disk errors\n/,
  );
  const { healthy, notPristine } = toStatusDocument(status);
  assert.equal(healthy, false);
  assert.deepEqual(notPristine, { since: mark.since, who: "alice", reason: "disk errors" });
  const damaged = toStatusDocument(await readStatus({}, { [NOT_PRISTINE_PATH]: "" }));
  assert.deepEqual(damaged.notPristine, { since: null, who: "", reason: "" });
  assert.equal(toStatusDocument(await readStatus()).notPristine, null);
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

type StateInit = MessageInitShape<typeof GetUpdateStateResponseSchema>;

const OTHER_HASH = "a07733b1c5d0".padEnd(64, "0");
const HEALTHY_BOOT = {
  bootId: "boot-7",
  version: "1.0.0",
  verdict: "pass",
  checks: [
    { name: "unit nginx.service", verdict: "pass", says: "active" },
    { name: "probe api", verdict: "pass", says: "200" },
  ],
};
const QUIET: StateInit = {
  phase: Phase.CONFIRMED,
  id: "minimal",
  runningVersion: "1.0.0",
  runningRootHash: ROOT_HASH,
  bootId: "boot-7",
  wayBackVersion: "0.9.0",
  slots: [
    { slot: Slot.A, content: "holds", version: "0.9.0", rootHash: OTHER_HASH },
    { slot: Slot.B, content: "holds", version: "1.0.0", rootHash: ROOT_HASH, running: true },
  ],
  healthReports: [HEALTHY_BOOT],
  policy: { repositoryUrl: "https://updates.example.org/", channel: "stable", mode: "manual" },
};
const REFUSED_BOOT = {
  bootId: "boot-6",
  version: "1.1.0",
  verdict: "fail",
  checks: [{ name: "probe api", verdict: "fail", says: "connection refused on :8080" }],
};

/** Everything above the details. */
async function renderTop(state: StateInit): Promise<string> {
  const text = renderStatus(await readStatus(), create(GetUpdateStateResponseSchema, state));
  return text.slice(0, text.indexOf("\n\n  Level"));
}

test("with an updater the status says what comes next, and what is in both slots", async () => {
  const staged = {
    ...QUIET,
    phase: Phase.STAGED,
    otherVersion: "1.1.0",
    bootsLeft: 3,
    slots: [{ slot: Slot.A, content: "holds", version: "1.1.0", rootHash: OTHER_HASH }, QUIET.slots![1]!],
  };
  const running = 'root hash 4be1f07c90c2  vda4 "minimal_1.0.0"';
  const cases: [state: StateInit, text: string][] = [
    [
      QUIET,
      `\
edge-01 is healthy, up 13 s, nothing pending

○ A  0.9.0  rollback, good  root hash a07733b1c5d0
● B  1.0.0  booted, good  ${running}`,
    ],
    [
      staged,
      `\
edge-01 is healthy, up 13 s; 1.1.0 is staged and starts at the next boot

→ A  1.1.0  staged, boots next  root hash a07733b1c5d0
● B  1.0.0  booted, good  ${running}`,
    ],
    [
      { ...QUIET, phase: Phase.TRYING, otherVersion: "1.0.0", bootsLeft: 2, healthReports: [] },
      `\
edge-01 is healthy, up 13 s; TRYING 1.0.0, 2 more tries

○ A  0.9.0  fallback, good  root hash a07733b1c5d0
◐ B  1.0.0  booted, not yet good (2 more tries)  ${running}`,
    ],
    [
      {
        ...staged,
        phase: Phase.ROLLED_BACK,
        bootsLeft: 0,
        wayBackVersion: "",
        quarantined: [
          {
            version: "1.1.0",
            digest: "cd".repeat(32),
            since: timestampFromDate(new Date("2026-11-22T11:53:00Z")),
            reason: "failed in 3 boots",
            evidence: [REFUSED_BOOT, REFUSED_BOOT, REFUSED_BOOT],
          },
        ],
      },
      `\
edge-01 is healthy, up 13 s; ROLLED BACK from 1.1.0 to 1.0.0, 7 min ago

✗ A  1.1.0  bad, not tried again  root hash a07733b1c5d0
● B  1.0.0  booted, good  ${running}
  failed in 3 boots
  ✗ probe api: connection refused on :8080 (in 3 boots)
  Not tried again until:  socle update apply edge-01 --retry`,
    ],
    [
      {
        ...QUIET,
        phase: Phase.DOWNLOADING,
        otherVersion: "1.1.0",
        slots: [{ slot: Slot.A, content: "partial", version: "1.1.0" }, QUIET.slots![1]!],
        operation: {
          id: "op",
          kind: "apply",
          version: "1.1.0",
          since: timestampFromDate(new Date("2026-11-22T11:59:00Z")),
        },
      },
      `\
edge-01 is healthy, up 13 s; updating to 1.1.0, begun 1 min ago

○ A  1.1.0  written in part
● B  1.0.0  booted, good  ${running}`,
    ],
  ];
  for (const [state, text] of cases) assert.equal(await renderTop(state), text);
});

test("checks, policy, hold and builds that are not tried again are details of the status", async () => {
  const state: StateInit = {
    ...QUIET,
    policy: {
      repositoryUrl: "https://updates.example.org/",
      channel: "stable",
      mode: "automatic",
      window: "Sat, Sun 02:00–04:00 Europe/Paris",
      pin: "1.0.0",
    },
    hold: { reason: "measuring", until: timestampFromDate(new Date("2026-11-22T18:00:00Z")) },
    quarantined: [{ version: "0.9.5", digest: "cd".repeat(32), reason: "hung", evidence: [] }],
  };
  const status = await readStatus();
  const update = create(GetUpdateStateResponseSchema, state);
  const text = renderStatus(status, update);
  for (const line of [
    "  Health   2 of 2 checks passed\n",
    "  Update   automatic, channel stable of https://updates.example.org/ · Sat, Sun 02:00–04:00 Europe/Paris · pinned to 1.0.0\n",
    "  Hold     measuring, ends in 6 h\n",
    "  Refused  0.9.5 (cdcdcdcdcdcd)\n",
  ])
    assert.ok(text.includes(line), line);
  const document = toStatusDocument(status, update);
  assert.equal(document.update?.phase, "confirmed");
  assert.equal(document.update?.slots[1]?.rootHash, ROOT_HASH);
  assert.deepEqual(document.update?.hold, {
    reason: "measuring",
    until: "2026-11-22T18:00:00.000Z",
    since: null,
  });
  assert.equal(document.update?.policy?.minimumAgeSeconds, 0);
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
  assert.equal(toStatusDocument(status).update, null);
});
