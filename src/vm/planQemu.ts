/** How a machine is accelerated: by the processor, or emulated. */
export type Acceleration = "kvm" | "tcg";

export interface QemuPlan {
  readonly acceleration: Acceleration;
  readonly memoryBytes: number;
  readonly cpus: number;
  /** The machine's own disk, qcow2. */
  readonly disk: string;
  /** Raw images of more disks, which the machine can only read. */
  readonly drives?: readonly string[];
  readonly boot:
    | {
        readonly kind: "uefi";
        readonly code: string;
        readonly variables: string;
        /** Only the firmware itself, in system management mode, may write its variables. */
        readonly isSecure?: boolean;
      }
    | {
        readonly kind: "direct";
        readonly kernel: string;
        readonly initrd: string;
        readonly commandLine: string;
      };
  /** On the host's loopback only. */
  readonly forwards: readonly { readonly hostPort: number; readonly guestPort: number }[];
  /** Files with one SMBIOS string each, which carry systemd credentials: no secret is in an argument list. */
  readonly smbiosStrings: readonly string[];
  /** Path of the control socket. */
  readonly control: string;
}

/** The QEMU command line of a machine. The serial console is on standard output. */
export function planQemu(plan: QemuPlan): string[] {
  const isSecure = plan.boot.kind === "uefi" && plan.boot.isSecure === true;
  return [
    "qemu-system-x86_64",
    "-nodefaults",
    "-no-user-config",
    ...["-display", "none"],
    ...["-machine", ["q35", `accel=${plan.acceleration}`, ...(isSecure ? ["smm=on"] : [])].join(",")],
    ...(isSecure ? ["-global", "driver=cfi.pflash01,property=secure,value=on"] : []),
    // Under emulation: no cmpxchg16b, which QEMU 7.2 gets wrong, no five-level page tables, and no fast string
    // instructions, with which kernels clear and copy pages byte by byte: that takes a seventh of an emulated boot.
    ...["-cpu", plan.acceleration === "kvm" ? "host" : "max,-cx16,-la57,-erms,-fsrm"],
    ...["-smp", String(plan.cpus)],
    ...["-m", `${Math.floor(plan.memoryBytes / (1 << 20))}M`],
    ...["-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"],
    ...["-qmp", `unix:${escapeComma(plan.control)},server=on,wait=off`],
    ...["-device", "virtio-rng-pci"],
    ...["-drive", `file=${escapeComma(plan.disk)},if=none,id=disk,format=qcow2,discard=unmap`],
    ...["-device", "virtio-blk-pci,drive=disk,bootindex=1"],
    ...(plan.drives ?? []).flatMap(toDrive),
    ...["-netdev", ["user,id=network", ...plan.forwards.map(toForward)].join(",")],
    ...["-device", "virtio-net-pci,netdev=network,romfile="],
    // A guest that no longer feeds its watchdog is reset, as a machine with one would be.
    ...["-device", "i6300esb", "-action", "watchdog=reset"],
    ...plan.smbiosStrings.flatMap((file) => ["-smbios", `type=11,path=${escapeComma(file)}`]),
    ...bootArguments(plan.boot),
  ];
}

function bootArguments(boot: QemuPlan["boot"]): string[] {
  switch (boot.kind) {
    case "uefi":
      return [
        ...["-drive", `if=pflash,format=raw,unit=0,readonly=on,file=${escapeComma(boot.code)}`],
        ...["-drive", `if=pflash,format=raw,unit=1,file=${escapeComma(boot.variables)}`],
      ];
    case "direct":
      return ["-kernel", boot.kernel, "-initrd", boot.initrd, "-append", boot.commandLine];
  }
}

function toDrive(file: string, index: number): string[] {
  return [
    ...["-drive", `file=${escapeComma(file)},if=none,id=drive${index},format=raw,readonly=on`],
    ...["-device", `virtio-blk-pci,drive=drive${index}`],
  ];
}

function toForward({ hostPort, guestPort }: { hostPort: number; guestPort: number }): string {
  return `hostfwd=tcp:127.0.0.1:${hostPort}-:${guestPort}`;
}

/** The SMBIOS string from which PID 1 takes a credential. systemd.system-credentials(7). */
export function encodeCredential(name: string, content: string): string {
  return `io.systemd.credential.binary:${name}=${Buffer.from(content).toString("base64")}`;
}

/** QEMU splits its options at commas; a doubled one stands for itself. */
function escapeComma(path: string): string {
  return path.replaceAll(",", ",,");
}
