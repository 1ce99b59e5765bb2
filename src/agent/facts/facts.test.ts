import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOsRelease } from "./assignments.ts";
import { parseManagerState, parseUptime, toBootTimes } from "./bootTimes.ts";
import { parseBootCountPath, parseSecureBoot } from "./efiVariables.ts";
import { parseFailedUnits, parseUnitNames } from "./failedUnits.ts";
import { parseLockdown, toExecutionControlStatus } from "./kernelSecurity.ts";
import { findKernelArgument } from "./kernelCommandLine.ts";
import { chooseRootPartition, parsePartition, toSlotName } from "./partition.ts";
import { parseSocketLink, parseSocketTable, parseUnitOfCgroup } from "./sockets.ts";
import { parseUnitFiles } from "./unitFiles.ts";
import { parseVeritySetupStatus } from "./verityStatus.ts";

test("the root hash is found in any kernel command line that holds it", () => {
  const cases: [commandLine: string, value: string | undefined][] = [
    ["roothash=ab", "ab"],
    ["quiet roothash=ab panic=3\n", "ab"],
    ["roothash=ab roothash=cd", "cd"],
    ['dyndbg="file a +p" roothash="ab"', "ab"],
    ['"roothash=ab"', "ab"],
    ['x="roothash=no y" z', undefined],
    ["noroothash=ab usrhash=cd", undefined],
    ["", undefined],
  ];
  for (const [commandLine, value] of cases)
    assert.equal(findKernelArgument(commandLine, "roothash"), value, commandLine);
});

test("os-release is read with every kind of quoting", () => {
  const text = `# comment\nNAME=Debian\nPRETTY_NAME="Minimal 1.0 \\"x\\" \\$5"\nVERSION='13 (trixie)'\nlower=no\n\n`;
  assert.deepEqual(Object.fromEntries(parseOsRelease(text)), {
    NAME: "Debian",
    PRETTY_NAME: 'Minimal 1.0 "x" $5',
    VERSION: "13 (trixie)",
  });
});

test("a veritysetup status tells state, root hash, signature and flags", () => {
  const status = (line: string) =>
    `/dev/mapper/root is active.\n  type:        VERITY\n  status:      ${line}\n`;
  assert.equal(parseVeritySetupStatus(status("verified")).state, "verified");
  assert.equal(parseVeritySetupStatus(status("corrupted")).state, "corrupted");
  assert.deepEqual(
    parseVeritySetupStatus(
      `${status("verified (with signature)")}  root hash:   0aff\n  flags:       panic_on_corruption ignore_zero_blocks \n`,
    ),
    {
      state: "verified",
      rootHash: "0aff",
      signed: true,
      flags: ["panic_on_corruption", "ignore_zero_blocks"],
    },
  );
});

test("a device that is inactive or not verity is of unknown state, never verified", () => {
  for (const text of [
    "",
    "/dev/mapper/root is inactive.\n",
    "/dev/mapper/x is active.\n  type:    LUKS2\n",
    "  status:  verifiedX\n",
  ]) {
    assert.equal(parseVeritySetupStatus(text).state, "unknown", text);
  }
});

const stamps = (values: Record<string, number>) =>
  parseManagerState(
    Object.entries(values)
      .map(([key, value]) => `${key}TimestampMonotonic=${value}\n`)
      .join(""),
  );

test("a boot without UEFI and without a noted initrd is kernel and userspace", () => {
  assert.deepEqual(toBootTimes(stamps({ Userspace: 5_000, Finish: 12_000 }), undefined), {
    firmwareUs: 0,
    loaderUs: 0,
    kernelUs: 5_000,
    initrdUs: 0,
    userspaceUs: 7_000,
  });
});

test("firmware and loader are told apart, and a systemd initrd from the kernel", () => {
  const manager = stamps({ Firmware: 900, Loader: 200, InitRD: 1_000, Userspace: 3_000, Finish: 10_000 });
  assert.deepEqual(toBootTimes(manager, 2_000), {
    firmwareUs: 700,
    loaderUs: 200,
    kernelUs: 1_000,
    initrdUs: 2_000,
    userspaceUs: 7_000,
  });
});

test("while the machine still starts, userspace is 0 and nothing is negative", () => {
  assert.equal(toBootTimes(stamps({ Userspace: 5_000, Finish: 0 }), undefined).userspaceUs, 0);
  const spans = Object.values(toBootTimes(parseManagerState("SystemState=starting\n"), 7_000));
  assert.ok(spans.every((span) => span === 0));
});

test("an uptime is read in microseconds, and nothing else is one", () => {
  assert.equal(parseUptime("350735.47 234388.90\n"), 350_735_470_000);
  assert.equal(parseUptime(""), undefined);
});

test("the reason of a failed unit names its status or signal", () => {
  const reasonOf = (properties: string) =>
    parseFailedUnits(`Id=a.service\nDescription=A\n${properties}`)[0]?.reason;
  assert.equal(reasonOf("Result=exit-code\nExecMainCode=1\nExecMainStatus=1\n"), "exit-code (status 1)");
  assert.equal(reasonOf("Result=core-dump\nExecMainCode=3\nExecMainStatus=11\n"), "core-dump (signal 11)");
  assert.equal(reasonOf("Result=timeout\nExecMainCode=2\nExecMainStatus=9\n"), "timeout (signal 9)");
  assert.equal(reasonOf("Result=start-limit-hit\nExecMainCode=0\nExecMainStatus=0\n"), "start-limit-hit");
});

test("the list of failed units gives their names", () => {
  assert.deepEqual(parseUnitNames("[]"), []);
  assert.deepEqual(parseUnitNames('[{"unit":"a.service","load":"loaded","active":"failed"}]'), ["a.service"]);
  assert.throws(() => parseUnitNames("{}"));
});

test("a partition is known by its number, and its slot by the image's table", () => {
  const uevent = "MAJOR=254\nDEVNAME=vda2\nDEVTYPE=partition\nPARTN=2\nPARTNAME=_empty\n";
  const partition = parsePartition(uevent);
  assert.deepEqual(partition, { device: "vda2", number: 2, label: "_empty" });
  assert.equal(parsePartition("DEVNAME=vda\nDEVTYPE=disk\n"), undefined);
  assert.equal(parsePartition("DEVNAME=vda3\nDEVTYPE=partition\nPARTN=3\n")?.label, "");
  assert.equal(partition && toSlotName(partition, { rootSlots: { A: 2, B: 4 } }), "A");
  assert.equal(partition && toSlotName(partition, { rootSlots: {} }), undefined);
});

test("of the two partitions below dm-verity, the root slot is chosen, in any order", () => {
  const at = (number: number) => ({ device: `vda${number}`, number, label: "" });
  const image = { rootSlots: { A: 2, B: 4 } };
  assert.equal(chooseRootPartition([at(5), at(4)], image)?.number, 4);
  assert.equal(chooseRootPartition([at(2), at(3)], image)?.number, 2);
  assert.equal(chooseRootPartition([at(7), at(8)], image), undefined);
  assert.equal(chooseRootPartition([at(7)], image)?.number, 7);
  assert.equal(chooseRootPartition([], image), undefined);
});

test("the loader's boot count is read from the name it booted", () => {
  const variable = (path: string) => Buffer.concat([Buffer.from([6, 0, 0, 0]), Buffer.from(path, "utf16le")]);
  assert.deepEqual(parseBootCountPath(variable("\\EFI\\Linux\\a_1.0+2-1.efi\0")), { left: 2, done: 1 });
  assert.deepEqual(parseBootCountPath(variable("\\EFI\\Linux\\a_1.0+03.efi\0")), { left: 3, done: 0 });
  assert.deepEqual(parseBootCountPath(variable("/loader/entries/a+0-3.conf\0")), { left: 0, done: 3 });
  assert.equal(parseBootCountPath(variable("\\EFI\\Linux\\a_1.0.efi\0")), undefined);
  assert.equal(parseBootCountPath(new Uint8Array()), undefined);
});

test("of the three words of lockdown, the one in brackets holds", () => {
  const cases: [text: string, word: string | undefined][] = [
    ["[none] integrity confidentiality\n", "none"],
    ["none [integrity] confidentiality\n", "integrity"],
    ["none integrity [confidentiality]", "confidentiality"],
    ["none integrity confidentiality", undefined],
    ["[else]", undefined],
    ["", undefined],
  ];
  for (const [text, word] of cases) assert.equal(parseLockdown(text), word, text);
});

test("execution control is enforced only by an active policy and the kernel's switch together", () => {
  const policy = (name: string, active: boolean) => ({ name, version: "1.0.0", active });
  assert.equal(toExecutionControlStatus("1", []).enforced, false);
  assert.equal(toExecutionControlStatus("1\n", [policy("b", false), policy("a", true)]).enforced, true);
  assert.equal(toExecutionControlStatus("0", [policy("a", true)]).enforced, false);
  assert.equal(toExecutionControlStatus("", [policy("a", true)]).enforced, false);
  const { policies } = toExecutionControlStatus("1", [policy("b", false), policy("a", true)]);
  assert.deepEqual(
    policies.map(({ name }) => name),
    ["a", "b"],
  );
});

test("addresses of sockets are read from the words of the kernel's memory, and written short", () => {
  const cases: [hex: string, address: string][] = [
    ["0100007F", "127.0.0.1"],
    ["00000000", "0.0.0.0"],
    ["0F02000A", "10.0.2.15"],
    ["00000000000000000000000000000000", "::"],
    ["00000000000000000000000001000000", "::1"],
    ["000080FE00000000FF005450D8C83FFE", "fe80::5054:ff:fe3f:c8d8"],
    ["B80D0120000000000000010000000100", "2001:db8::1:0:1:0"],
    ["B80D0120000001000000020000000300", "2001:db8:1:0:2:0:3:0"],
    ["B80D0120000000000100000000000000", "2001:db8::1:0:0"],
    ["0000000000000000FFFF00000100007F", "::ffff:7f00:1"],
  ];
  for (const [hex, address] of cases) {
    const line = `  1: ${hex}:0016 ${"0".repeat(hex.length)}:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1`;
    assert.deepEqual(
      parseSocketTable(`header\n${line}\n`, "tcp"),
      [{ protocol: "tcp", address, port: 22, inode: "4711" }],
      hex,
    );
  }
});

test("only sockets that wait are taken, in each protocol's own state", () => {
  const line = (state: string) =>
    `h\n 1: 0100007F:0035 00000000:0000 ${state} 0:0 00:00000000 00000000 0 0 7 1\n`;
  assert.equal(parseSocketTable(line("0A"), "tcp").length, 1);
  assert.equal(parseSocketTable(line("01"), "tcp").length, 0);
  assert.equal(parseSocketTable(line("07"), "udp").length, 1);
  assert.equal(parseSocketTable(line("01"), "udp").length, 0);
  assert.deepEqual(parseSocketTable("", "tcp"), []);
});

test("a process is tied to its sockets and to its innermost unit", () => {
  assert.equal(parseSocketLink("socket:[4711]"), "4711");
  assert.equal(parseSocketLink("anon_inode:[eventpoll]"), undefined);
  assert.equal(parseUnitOfCgroup("0::/system.slice/ssh.service\n"), "ssh.service");
  assert.equal(
    parseUnitOfCgroup("0::/user.slice/user-0.slice/user@0.service/app.slice/x.service/sub\n"),
    "x.service",
  );
  assert.equal(parseUnitOfCgroup("0::/\n"), "");
});

test("unit files are read with their state, sorted, also without one", () => {
  const json =
    '[{"unit_file":"b.service","state":"static","preset":null},{"unit_file":"a.service","state":null}]';
  assert.deepEqual(parseUnitFiles(json), [
    { name: "a.service", state: "" },
    { name: "b.service", state: "static" },
  ]);
  assert.throws(() => parseUnitFiles("{}"));
});

test("Secure Boot is on, off, or not to be told", () => {
  assert.equal(parseSecureBoot(Uint8Array.of(6, 0, 0, 0, 1)), true);
  assert.equal(parseSecureBoot(Uint8Array.of(6, 0, 0, 0, 0)), false);
  assert.equal(parseSecureBoot(new Uint8Array()), undefined);
});
