import type { HostFacts } from "#system/hostChecks.ts";
import { formatBytes } from "./formatBytes.ts";

export interface HostCheck {
  readonly name: "node" | "system" | "privileges" | "mirror" | "mmdebstrap" | "tools" | "disk" | "kvm";
  /** A failed check stops a build; a warning makes it slower or later. */
  readonly state: "ok" | "warning" | "failed";
  readonly found: string;
  readonly fix?: string;
}

const NODE_MAJOR = 24;
/** Tools tree, packages, one release and its work folder, all uncompressed. */
const NEEDED_BYTES = 6e9;

/** Whether a host can build and boot, check by check, in the order in which a build would find out. */
export function judgeHost(facts: HostFacts): HostCheck[] {
  return [
    judgeNode(facts),
    judgeSystem(facts),
    judgePrivileges(facts),
    judgeMirror(facts),
    judgeMmdebstrap(facts),
    judgeTools(facts),
    judgeDisk(facts),
    judgeKvm(facts),
  ];
}

function judgeNode({ nodeVersion }: HostFacts): HostCheck {
  if (Number.parseInt(nodeVersion, 10) >= NODE_MAJOR)
    return { name: "node", state: "ok", found: `Node ${nodeVersion}` };
  return {
    name: "node",
    state: "failed",
    found: `Node ${nodeVersion}; socle needs ${NODE_MAJOR}`,
    fix: "start it by bin/socle, which uses the Node of the clone",
  };
}

function judgeSystem({ system, isDebianFamily }: HostFacts): HostCheck {
  if (isDebianFamily) return { name: "system", state: "ok", found: system };
  const fix = "use a Debian 12 or 13 machine, container or virtual machine";
  return { name: "system", state: "failed", found: `${system}: the build needs apt and dpkg`, fix };
}

function judgePrivileges({ isolation }: HostFacts): HostCheck {
  if ("missing" in isolation) return { name: "privileges", state: "failed", ...toFailure(isolation) };
  const found = isolation.value === "root" ? "root" : "user namespace with subordinate ids";
  return { name: "privileges", state: "ok", found };
}

function judgeMirror({ mirror }: HostFacts): HostCheck {
  if ("missing" in mirror) return { name: "mirror", state: "failed", ...toFailure(mirror) };
  return { name: "mirror", state: "ok", found: mirror.value };
}

function toFailure({
  missing,
  hint,
}: {
  missing: string;
  hint: string | undefined;
}): Pick<HostCheck, "found" | "fix"> {
  return { found: missing, ...(hint === undefined ? {} : { fix: hint }) };
}

function judgeMmdebstrap({ hasMmdebstrap, hasToolsTree }: HostFacts): HostCheck {
  if (hasMmdebstrap) return { name: "mmdebstrap", state: "ok", found: "installed" };
  // It makes the tools tree; npm start installs it when it runs as root.
  const state = hasToolsTree ? "warning" : "failed";
  return { name: "mmdebstrap", state, found: "not installed", fix: "apt install mmdebstrap" };
}

function judgeTools({ hasToolsTree }: HostFacts): HostCheck {
  if (hasToolsTree) return { name: "tools", state: "ok", found: "tools tree is there" };
  return {
    name: "tools",
    state: "warning",
    found: "no tools tree yet: the first build makes it, about a minute",
  };
}

function judgeDisk({ freeBytes }: HostFacts): HostCheck {
  if (freeBytes >= NEEDED_BYTES)
    return { name: "disk", state: "ok", found: `${formatBytes(freeBytes)} free` };
  return {
    name: "disk",
    state: "warning",
    found: `${formatBytes(freeBytes)} free; a first build needs about ${formatBytes(NEEDED_BYTES)}`,
    fix: "make room, or keep the work elsewhere: SOCLE_HOME=DIR",
  };
}

const KVM_FOUND = {
  openable: "/dev/kvm can be opened; the first boot shows whether it works",
  refused: "/dev/kvm is there but may not be used: QEMU runs in software, boots take about 5 times as long",
  absent: "no /dev/kvm: QEMU runs in software, boots take about 5 times as long",
} as const;

function judgeKvm({ kvm }: HostFacts): HostCheck {
  const check = { name: "kvm", state: kvm === "openable" ? "ok" : "warning", found: KVM_FOUND[kvm] } as const;
  return kvm === "refused" ? { ...check, fix: "adduser YOU kvm, then sign in again" } : check;
}
