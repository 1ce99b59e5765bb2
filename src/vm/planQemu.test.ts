import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeCredential, planQemu, type QemuPlan } from "./planQemu.ts";

const PLAN: QemuPlan = {
  acceleration: "tcg",
  memoryBytes: 1 << 30,
  cpus: 2,
  disk: "/machines/one/disk.qcow2",
  boot: { kind: "uefi", code: "/ovmf/code.fd", variables: "/machines/one/variables.fd" },
  forwards: [
    { hostPort: 40_001, guestPort: 4433 },
    { hostPort: 8080, guestPort: 80 },
  ],
  smbiosStrings: ["/machines/one/credential"],
  control: "/machines/one/control",
};

/** The values of every option of this name. */
function valuesOf(argv: readonly string[], option: string): string[] {
  return argv.flatMap((word, index) => (argv[index - 1] === option ? [word] : []));
}

test("the machine is as asked: memory, processors, disk, control socket", () => {
  const argv = planQemu(PLAN);
  assert.equal(argv[0], "qemu-system-x86_64");
  assert.deepEqual(valuesOf(argv, "-m"), ["1024M"]);
  assert.deepEqual(valuesOf(argv, "-smp"), ["2"]);
  assert.deepEqual(valuesOf(argv, "-qmp"), ["unix:/machines/one/control,server=on,wait=off"]);
  assert.ok(
    valuesOf(argv, "-drive").includes(
      "file=/machines/one/disk.qcow2,if=none,id=disk,format=qcow2,discard=unmap",
    ),
  );
  assert.deepEqual(valuesOf(argv, "-smbios"), ["type=11,path=/machines/one/credential"]);
});

test("more drives can only be read, and the machine does not start from them", () => {
  const argv = planQemu({ ...PLAN, drives: ["/a,b.img", "/c.img"] });
  assert.deepEqual(valuesOf(argv, "-drive").slice(1, 3), [
    "file=/a,,b.img,if=none,id=drive0,format=raw,readonly=on",
    "file=/c.img,if=none,id=drive1,format=raw,readonly=on",
  ]);
  assert.deepEqual(
    valuesOf(argv, "-device").filter((device) => device.includes("bootindex")),
    ["virtio-blk-pci,drive=disk,bootindex=1"],
  );
});

test("nothing of the host's own configuration of QEMU plays a part", () => {
  assert.ok(planQemu(PLAN).includes("-nodefaults"));
  assert.ok(planQemu(PLAN).includes("-no-user-config"));
});

test("ports are forwarded from the loopback only", () => {
  assert.deepEqual(valuesOf(planQemu(PLAN), "-netdev"), [
    "user,id=network,hostfwd=tcp:127.0.0.1:40001-:4433,hostfwd=tcp:127.0.0.1:8080-:80",
  ]);
  assert.deepEqual(valuesOf(planQemu({ ...PLAN, forwards: [] }), "-netdev"), ["user,id=network"]);
});

test("the processor is the host's under KVM, and one that emulation gets right without", () => {
  const cpuOf = (acceleration: QemuPlan["acceleration"]) =>
    valuesOf(planQemu({ ...PLAN, acceleration }), "-cpu");
  assert.deepEqual(cpuOf("kvm"), ["host"]);
  assert.deepEqual(cpuOf("tcg"), ["max,-cx16,-la57,-erms,-fsrm"]);
  assert.deepEqual(valuesOf(planQemu({ ...PLAN, acceleration: "kvm" }), "-machine"), ["q35,accel=kvm"]);
});

test("firmware is read-only code and the machine's own variables; a direct boot has neither", () => {
  const flash = (argv: readonly string[]) =>
    valuesOf(argv, "-drive").filter((value) => value.startsWith("if=pflash"));
  assert.deepEqual(flash(planQemu(PLAN)), [
    "if=pflash,format=raw,unit=0,readonly=on,file=/ovmf/code.fd",
    "if=pflash,format=raw,unit=1,file=/machines/one/variables.fd",
  ]);
  const direct = planQemu({
    ...PLAN,
    boot: {
      kind: "direct",
      kernel: "/k,1",
      initrd: "/i",
      commandLine: "ro roothash=ab console=ttyS0,115200",
    },
  });
  assert.deepEqual(flash(direct), []);
  // Options of their own, so that a comma in them is only a comma.
  assert.deepEqual([valuesOf(direct, "-kernel"), valuesOf(direct, "-initrd")], [["/k,1"], ["/i"]]);
  assert.deepEqual(valuesOf(direct, "-append"), ["ro roothash=ab console=ttyS0,115200"]);
  assert.deepEqual(valuesOf(planQemu(PLAN), "-append"), []);
});

test("a comma in a path does not end an option", () => {
  const argv = planQemu({
    ...PLAN,
    disk: "/a,b/disk",
    control: "/a,b/control",
    smbiosStrings: ["/a,b/c"],
    boot: { kind: "uefi", code: "/a,b/code", variables: "/a,b/vars" },
  });
  assert.deepEqual(
    argv.filter((word) => word.includes("/a,b/")),
    [],
  );
  assert.equal(argv.filter((word) => word.includes("/a,,b/")).length, 5);
});

test("a credential is the SMBIOS string that PID 1 reads, whatever is in it", () => {
  const content = 'hostname: "é"\n\0';
  const [name, value] = encodeCredential("socle.config", content).split(/=(.*)/s);
  assert.equal(name, "io.systemd.credential.binary:socle.config");
  assert.equal(Buffer.from(value ?? "", "base64").toString(), content);
});
