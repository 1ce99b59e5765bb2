import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDefinition } from "#definition/parseDefinition.ts";
import type { HealthInput } from "#definition/systemInput.ts";
import { HEALTH_CONTRACT_PATH } from "#health/healthContract.ts";
import { HEALTH_FOLDER } from "#health/healthReport.ts";
import { makeReport, SHA_A } from "#health/healthReport.fixture.ts";
import { encodeHealthContract } from "#health/parseHealthContract.ts";
import { encodeHealthReport, parseHealthReport } from "#health/parseHealthReport.ts";
import { STARTED_IMAGE_PATH } from "../facts/efiVariables.ts";
import { judgeBoot, recordUnfinished } from "./judgeBoot.ts";
import { createMemoryHealthMachine, type MemoryHealthMachineContent } from "./memoryHealthMachine.ts";

const BOOT_ID = "0a0b0c0d-1111-4222-8333-444455556666";
const REPORT_PATH = `${HEALTH_FOLDER}/${BOOT_ID}.json`;
const LIST = "systemctl list-units --all --output=json";
const SHOW = "systemctl show --property=Id,Result,NRestarts,ExecMainStartTimestampMonotonic -- ";

function toList(units: Record<string, string>): string {
  return JSON.stringify(
    Object.entries(units).map(([unit, active]) => ({
      unit,
      load: "loaded",
      active,
      sub: "x",
      description: "",
    })),
  );
}

const UP = { "multi-user.target": "active", "socle-agent.service": "active" };

function toShow(restarts: Record<string, number> = {}): string {
  return Object.entries({ "socle-agent.service": 0, ...restarts })
    .map(
      ([id, count]) => `Id=${id}\nResult=success\nNRestarts=${count}\nExecMainStartTimestampMonotonic=12\n`,
    )
    .join("\n");
}

function makeMachine(health: HealthInput, content: MemoryHealthMachineContent = {}) {
  const contract = parseDefinition({ id: "edge", version: "1.2", health }).health;
  const variable = Buffer.concat([
    Buffer.from([6, 0, 0, 0]),
    Buffer.from("\\EFI\\Linux\\edge_1.2+2-1.efi\0", "utf16le"),
  ]);
  const { machine, written } = createMemoryHealthMachine({
    freeBytes: { "/var": 2 ** 30 },
    ...content,
    files: {
      [HEALTH_CONTRACT_PATH]: encodeHealthContract(contract),
      "/proc/sys/kernel/random/boot_id": `${BOOT_ID}\n`,
      "/proc/cmdline": `quiet roothash=${SHA_A}\n`,
      "/proc/meminfo": "MemTotal:        1000 kB\nMemFree:    1 kB\nMemAvailable:     400 kB\n",
      [STARTED_IMAGE_PATH]: variable,
      ...content.files,
    },
    folders: { "/boot/EFI/Linux": ["edge_1.1.efi", "edge_1.2+1-2.efi"], ...content.folders },
    outputs: { [LIST]: toList(UP), ...content.outputs },
    outputAt: (command, uptimeMs) =>
      content.outputAt?.(command, uptimeMs) ?? (command.startsWith(SHOW) ? toShow() : undefined),
  });
  const lines: string[] = [];
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`);
  const surroundings = { machine, log, now: () => new Date("2026-05-01T12:00:00Z") };
  const readReport = () => parseHealthReport(written.get(REPORT_PATH) ?? "");
  return { surroundings, written, lines, readReport };
}

test("a good boot leaves a report that names what was started, by whatever name its file has now", async () => {
  const { surroundings, lines, readReport } = makeMachine({});
  assert.equal(await judgeBoot(surroundings), "pass");
  const { checks, ...report } = readReport();
  assert.deepEqual(report, {
    apiVersion: "socle/v1",
    kind: "HealthReport",
    bootId: BOOT_ID,
    version: "1.2",
    rootHash: SHA_A,
    ukiSha256: String("/boot/EFI/Linux/edge_1.2+1-2.efi".length % 10).repeat(64),
    verdict: "pass",
    at: "2026-05-01T12:00:00.000Z",
    figures: { bootUs: 20_000_000, memoryBytes: 600 * 1024, restarts: 0 },
    failedUnits: [],
  });
  assert.deepEqual(
    checks.map(({ name }) => name),
    ["unit multi-user.target", "unit socle-agent.service", "failed units", "space /var", "regression"],
  );
  assert.deepEqual(lines, ["info: the boot is good"]);
});

test("what comes up late is waited for, and the boot took so long", async () => {
  const { surroundings, readReport } = makeMachine(
    { units: ["slow.service"] },
    {
      outputAt: (command, uptimeMs) =>
        command === LIST
          ? toList({ ...UP, "slow.service": uptimeMs < 50_000 ? "activating" : "active" })
          : undefined,
    },
  );
  assert.equal(await judgeBoot(surroundings), "pass");
  assert.equal(readReport().figures.bootUs, 50_000_000);
});

test("what does not come up in time is a fault, and the report says what it was", async () => {
  const { surroundings, lines, readReport } = makeMachine({
    probes: { api: { command: ["/usr/bin/api-is-up"] } },
    units: ["slow.service"],
    timeout: "1min",
  });
  assert.equal(await judgeBoot(surroundings), "fail");
  const faults = readReport().checks.filter(({ verdict }) => verdict === "fail");
  assert.deepEqual(faults, [{ name: "unit slow.service", verdict: "fail", says: "is not there" }]);
  assert.deepEqual(lines, ["error: the boot is not good"]);
  assert.equal(surroundings.machine.uptimeUs(), 80_000_000);
});

test("a unit that systemd starts again and again never stays well", async () => {
  const { surroundings, readReport } = makeMachine(
    { soak: "10s", timeout: "30s", regression: false },
    {
      outputAt: (command, uptimeMs) =>
        command === `${SHOW}socle-agent.service flaps.service`
          ? toShow({ "flaps.service": Math.floor(uptimeMs / 3000) })
          : undefined,
      outputs: { [LIST]: toList({ ...UP, "flaps.service": "active" }) },
    },
  );
  assert.equal(await judgeBoot(surroundings), "fail");
  assert.match(readReport().checks.at(-1)?.name ?? "", /^steady flaps\.service$/);
});

test("a boot that took too long is told at once: no waiting makes it shorter", async () => {
  const { surroundings, readReport } = makeMachine(
    { regression: { bootTime: 1 } },
    {
      files: {
        [`${HEALTH_FOLDER}/22.json`]: encodeHealthReport(
          makeReport({ figures: { bootUs: 1_000_000, memoryBytes: 2 ** 20, restarts: 0 } }),
        ),
      },
      folders: { [HEALTH_FOLDER]: ["22.json", "broken.json"] },
    },
  );
  assert.equal(await judgeBoot(surroundings), "fail");
  assert.equal(surroundings.machine.uptimeUs(), 20_000_000);
  const [fault] = readReport().checks.filter(({ verdict }) => verdict === "fail");
  assert.equal(fault?.says, "boot took 20 s, 1.1 took 1 s; allowed 11 s");
});

test("a judgement that came to no end is recorded, unless it had left its report", async () => {
  const { surroundings, written, readReport } = makeMachine({ probes: { api: { tcp: "127.0.0.1:1" } } });
  assert.equal(await recordUnfinished(surroundings), "fail");
  const report = readReport();
  assert.equal(report.verdict, "fail");
  assert.match(report.checks[0]?.says ?? "", /came to no end/);

  const before = encodeHealthReport({ ...report, checks: [] });
  written.set(REPORT_PATH, before);
  await recordUnfinished(surroundings);
  assert.equal(written.get(REPORT_PATH), before);
});

test("without a contract that can be read nothing is good, and the record says why", async () => {
  const { surroundings, readReport } = makeMachine({}, { files: { [HEALTH_CONTRACT_PATH]: "{" } });
  await assert.rejects(judgeBoot(surroundings), /Cannot read "\/usr\/lib\/socle\/health\.json"/);
  assert.equal(await recordUnfinished(surroundings), "fail");
  assert.match(readReport().checks[1]?.says ?? "", /Cannot read "\/usr\/lib\/socle\/health\.json"/);
});

test("a machine that does not answer for a while is looked at again; one that never does is not good", async () => {
  const busyUntil = (busyMs: number) =>
    makeMachine(
      { timeout: "1min" },
      {
        outputAt: (command, uptimeMs) =>
          command === LIST ? (uptimeMs < busyMs ? "{" : toList(UP)) : undefined,
      },
    );
  assert.equal(await judgeBoot(busyUntil(40_000).surroundings), "pass");
  const { surroundings, readReport } = busyUntil(Infinity);
  assert.equal(await judgeBoot(surroundings), "fail");
  assert.deepEqual(
    readReport().checks.map(({ name }) => name),
    ["look"],
  );
});
