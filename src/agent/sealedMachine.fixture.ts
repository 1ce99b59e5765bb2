import type { MemoryMachineContent } from "./memoryMachine.ts";
import type { FileEntry } from "./walkFiles.ts";

/** A healthy machine of level "sealed" that runs from slot B, second boot try, as its files and programs tell it. */
export const ROOT_HASH = "4be1f07c90c2d1a8e35b7f60a9c8d7e6f5041322b1a0998877665544332211ff";

const MOUNTINFO = `\
22 26 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:6 - sysfs sysfs rw
23 26 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:11 - proc proc rw
24 26 0:5 / /dev rw,nosuid,noexec shared:2 - devtmpfs devtmpfs rw,size=484764k,nr_inodes=121191,mode=755
25 24 0:22 / /dev/pts rw,nosuid,noexec,relatime shared:3 - devpts devpts rw,gid=5,mode=620,ptmxmode=000
26 1 253:0 / / ro,relatime shared:1 - erofs /dev/mapper/root ro,user_xattr,acl,cache_strategy=readaround
27 26 0:23 / /run rw,nosuid,nodev shared:12 - tmpfs tmpfs rw,size=197528k,nr_inodes=819200,mode=755
28 26 0:24 / /etc ro,relatime shared:13 - overlay overlay ro,lowerdir=/run/socle/etc:/etc
29 26 254:6 / /var rw,nosuid,nodev,noexec,relatime shared:14 - ext4 /dev/vda6 rw
30 26 0:29 / /boot rw,relatime shared:15 - autofs systemd-1 rw,fd=50,pgrp=1,timeout=120,minproto=5,maxproto=5,direct
31 26 0:30 / /tmp rw,nosuid,nodev shared:16 - tmpfs tmpfs rw,size=493816k,nr_inodes=1048576
32 30 254:1 / /boot rw,nosuid,nodev,noexec,relatime shared:17 - vfat /dev/vda1 rw,fmask=0177,dmask=0077
33 27 0:31 / /run/credentials/socle-agent.service ro,nosuid,nodev,noexec,relatime - tmpfs none ro,size=1024k
`;

export const IMAGE = {
  id: "minimal",
  version: "1.0.0",
  name: "Minimal",
  level: "sealed",
  policies: { usr: "verified", etc: "rendered", var: "persistent-noexec" },
  rootSlots: { A: 2, B: 4 },
  executionControl: "signed",
  signing: "project",
};

export const VERITY_STATUS = `\
/dev/mapper/root is active and is in use.
  type:        VERITY
  status:      verified (with signature)
  hash type:   1
  data block:  4096 [bytes]
  hash block:  4096 [bytes]
  hash name:   sha256
  salt:        -
  data device: /dev/vda4
  size:        524288 [512-byte units] (268435456 [bytes])
  mode:        readonly
  hash device: /dev/vda5
  hash offset: 8 [512-byte units] (4096 [bytes])
  root hash:   ${ROOT_HASH}
  flags:       panic_on_corruption 
`;

const MANAGER = `\
FirmwareTimestampMonotonic=3400000
LoaderTimestampMonotonic=1300000
InitRDTimestampMonotonic=0
UserspaceTimestampMonotonic=5200000
FinishTimestampMonotonic=12700000
SystemState=running
`;

export const SHOW_MANAGER =
  "systemctl show --property=FirmwareTimestampMonotonic,LoaderTimestampMonotonic,InitRDTimestampMonotonic,UserspaceTimestampMonotonic,FinishTimestampMonotonic,SystemState";
export const LIST_UNIT_FILES = "systemctl list-unit-files --output=json";
export const LIST_FAILED = "systemctl list-units --state=failed --output=json";

export const IPE = "/sys/kernel/security/ipe";
const DPKG_STATUS = `\
Package: zlib1g
Status: install ok installed
Architecture: amd64
Source: zlib (1:1.3.dfsg+really1.3.1-1)
Version: 1:1.3.dfsg+really1.3.1-1+b1

Package: openssh-server
Status: install ok installed
Architecture: amd64
Source: openssh
Version: 1:10.0p1-7

Package: nano
Status: deinstall ok config-files
Architecture: amd64
Version: 8.4-1
`;

const SOCKETS_HEADER =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
/** Two that listen, one of them for somebody else, and one that is connected. */
const TCP = `${SOCKETS_HEADER}\
   0: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000   991        0 4711 1 0 100 0 0 10 5
   1: 0100007F:A2C4 0100007F:1CAB 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1
`;
const TCP6 = `${SOCKETS_HEADER}\
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
`;
const UDP = `${SOCKETS_HEADER}\
  214: 0F02000A:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000   990        0 4714 2 0 0
`;

const file = (mode: number, sizeBytes: number): FileEntry => {
  return { type: "file", mode, uid: 0, gid: 0, sizeBytes, target: "" };
};
const directory: FileEntry = { type: "directory", mode: 0o755, uid: 0, gid: 0, sizeBytes: 0, target: "" };
const symlink = (target: string): FileEntry => {
  return { type: "symlink", mode: 0o777, uid: 0, gid: 0, sizeBytes: 0, target };
};

const EFIVARS = "/sys/firmware/efi/efivars";

export const sealedMachine: MemoryMachineContent = {
  files: {
    "/usr/lib/socle/image.json": JSON.stringify(IMAGE),
    "/etc/os-release": 'PRETTY_NAME="Minimal 1.0.0"\nIMAGE_ID=minimal\nIMAGE_VERSION=1.0.0\n',
    "/etc/machine-id": "8f4e1c2b3a495867a1b2c3d4e5f60718\n",
    "/proc/sys/kernel/hostname": "edge-01\n",
    "/proc/sys/kernel/osrelease": "6.12.48+deb13-cloud-amd64\n",
    "/proc/sys/kernel/random/boot_id": "0c9a4d3e-7f1b-4a52-9d38-5e6f7a8b9c0d\n",
    "/proc/uptime": "13.27 21.80\n",
    "/proc/cmdline": `initrd=\\EFI\\x roothash=${ROOT_HASH} panic=3 console=ttyS0 \n`,
    "/proc/1/mountinfo": MOUNTINFO,
    "/run/socle/initrd-times": "2.90 2.41\n",
    "/sys/dev/block/253:0/dm/uuid": "CRYPT-VERITY-21a3f4b0c9d84e7fa6b5c4d3e2f10a9b-root\n",
    "/sys/dev/block/253:0/dm/name": "root\n",
    "/sys/dev/block/253:0/uevent": "MAJOR=253\nMINOR=0\nDEVNAME=dm-0\nDEVTYPE=disk\nDISKSEQ=3\n",
    "/sys/class/block/vda4/uevent":
      "MAJOR=254\nMINOR=4\nDEVNAME=vda4\nDEVTYPE=partition\nDISKSEQ=1\nPARTN=4\nPARTNAME=minimal_1.0.0\n",
    "/sys/class/block/vda5/uevent":
      "MAJOR=254\nMINOR=5\nDEVNAME=vda5\nDEVTYPE=partition\nDISKSEQ=1\nPARTN=5\nPARTNAME=minimal_1.0.0\n",
    "/usr/lib/sysimage/dpkg/status": DPKG_STATUS,
    "/proc/net/tcp": TCP,
    "/proc/net/tcp6": TCP6,
    "/proc/net/udp": UDP,
    "/proc/1/comm": "systemd\n",
    "/proc/1/cgroup": "0::/init.scope\n",
    "/proc/310/comm": "systemd-resolve\n",
    "/proc/310/cgroup": "0::/system.slice/systemd-resolved.service\n",
    "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
    [`${IPE}/enforce`]: "1",
    [`${IPE}/policies/socle/version`]: "1.0.0",
    [`${IPE}/policies/socle/active`]: "1",
    [`${EFIVARS}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c`]: Uint8Array.of(6, 0, 0, 0, 1),
    [`${EFIVARS}/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f`]: Buffer.concat([
      Uint8Array.of(6, 0, 0, 0),
      Buffer.from("\\EFI\\Linux\\minimal_1.0.0+1-2.efi\0", "utf16le"),
    ]),
  },
  folders: {
    "/sys/dev/block/253:0/slaves": ["vda5", "vda4"],
    [`${IPE}/policies`]: ["socle"],
    "/": ["bin", "boot", "dev", "etc", "proc", "run", "sys", "tmp", "usr", "var"],
    "/etc": ["hostname"],
    "/usr": ["bin", "lib"],
    "/usr/bin": ["su"],
    "/var": ["lib"],
    "/proc": ["1", "310", "400", "net", "uptime"],
    "/proc/1/fd": ["0", "30", "31"],
    "/proc/310/fd": ["7"],
  },
  outputs: {
    "veritysetup status root": VERITY_STATUS,
    [SHOW_MANAGER]: MANAGER,
    [LIST_FAILED]: "[]",
    "systemctl show --property=ActiveState systemd-bless-boot.service": "ActiveState=active\n",
    [LIST_UNIT_FILES]:
      '[{"unit_file":"ssh.socket","state":"enabled","preset":"enabled"},{"unit_file":"-.mount","state":"generated","preset":null}]',
  },
  entries: {
    "/bin": symlink("usr/bin"),
    "/boot": directory,
    "/dev": directory,
    "/etc": directory,
    "/etc/hostname": file(0o644, 8),
    "/proc": directory,
    "/run": directory,
    "/sys": directory,
    "/tmp": directory,
    "/usr": directory,
    "/usr/bin": directory,
    "/usr/bin/su": file(0o4755, 84_360),
    "/usr/lib": directory,
    "/var": directory,
    "/var/lib": directory,
    "/proc/1/fd/0": symlink("/dev/null"),
    "/proc/1/fd/30": symlink("socket:[4711]"),
    "/proc/1/fd/31": symlink("socket:[4713]"),
    "/proc/310/fd/7": symlink("socket:[4711]"),
  },
};
