/**
 * What each level of immutability does to each tree. Every other place (build, initrd, kernel
 * arguments, tests, docs) reads these tables; none repeats them.
 */

/** What happens to a write into a tree: now, and at the next boot. */
export interface TreeGuarantee {
  /** Whether a process with root privileges can create or change a file there. */
  readonly writable: boolean;
  /** Whether such a change is still there after a reboot. */
  readonly persists: boolean;
  /** Whether a file there can be executed or carry set-user-ID and device nodes. */
  readonly executable: boolean;
  /** The standard mechanism that realises it. */
  readonly mechanism: string;
}

export const USR_POLICIES = {
  writable: {
    writable: true,
    persists: true,
    executable: true,
    mechanism: "part of a writable ext4 root without dm-verity",
  },
  verified: {
    writable: false,
    persists: false,
    executable: true,
    mechanism: "EROFS, mounted read-only on dm-verity; the root hash is in the kernel command line",
  },
} as const satisfies Record<string, TreeGuarantee>;

export const ETC_POLICIES = {
  writable: {
    writable: true,
    persists: true,
    executable: true,
    mechanism: "part of the writable root",
  },
  overlay: {
    writable: true,
    persists: true,
    executable: true,
    mechanism: "overlayfs: the image's /etc below, changes kept in /var/lib/socle/etc",
  },
  rendered: {
    writable: false,
    persists: false,
    executable: true,
    mechanism:
      "overlayfs without an upper folder: files rendered at each boot from the machine's configuration, over the image's /etc",
  },
  "read-only": {
    writable: false,
    persists: false,
    executable: true,
    mechanism: "part of the verified root",
  },
} as const satisfies Record<string, TreeGuarantee>;

export const VAR_POLICIES = {
  writable: {
    writable: true,
    persists: true,
    executable: true,
    mechanism: "part of the writable root",
  },
  persistent: {
    writable: true,
    persists: true,
    executable: true,
    mechanism: "its own ext4 partition",
  },
  "persistent-noexec": {
    writable: true,
    persists: true,
    executable: false,
    mechanism: "its own ext4 partition, mounted noexec, nosuid, nodev",
  },
  temporary: {
    writable: true,
    persists: false,
    executable: false,
    mechanism: "tmpfs, mounted noexec, nosuid, nodev",
  },
} as const satisfies Record<string, TreeGuarantee>;

export type UsrPolicy = keyof typeof USR_POLICIES;
export type EtcPolicy = keyof typeof ETC_POLICIES;
export type VarPolicy = keyof typeof VAR_POLICIES;

/** One policy per tree. A level is a named combination; a definition can also name its own mix. */
export interface TreePolicies {
  readonly usr: UsrPolicy;
  readonly etc: EtcPolicy;
  readonly var: VarPolicy;
}

export const LEVELS = {
  classic: { usr: "writable", etc: "writable", var: "writable" },
  semi: { usr: "verified", etc: "overlay", var: "persistent" },
  sealed: { usr: "verified", etc: "rendered", var: "persistent-noexec" },
  total: { usr: "verified", etc: "rendered", var: "temporary" },
} as const satisfies Record<string, TreePolicies>;

export type LevelName = keyof typeof LEVELS;

/** From where the kernel runs programs and loads modules: from the signed root only, or from anywhere. */
export const EXECUTION_CONTROLS = ["signed", "off"] as const;
export type ExecutionControl = (typeof EXECUTION_CONTROLS)[number];

/** On where the level leaves no place for programs of its own beside a verified root. */
export function defaultExecutionControl(policies: TreePolicies): ExecutionControl {
  return policies.usr === "verified" && !VAR_POLICIES[policies.var].executable ? "signed" : "off";
}

/** The policies of a level, whether it is named or spelled out. */
export function toTreePolicies(level: LevelName | TreePolicies): TreePolicies {
  return typeof level === "string" ? LEVELS[level] : level;
}

/** The name of the level with exactly these policies, or `custom`. */
export function toLevelName(policies: TreePolicies): LevelName | "custom" {
  for (const [name, level] of Object.entries(LEVELS)) {
    if (level.usr === policies.usr && level.etc === policies.etc && level.var === policies.var) {
      return name as LevelName; // a key of LEVELS
    }
  }
  return "custom";
}

/** Why a mix of policies cannot be built, one sentence each; empty when it can. */
export function findPolicyConflicts({ usr, etc, var: var_ }: TreePolicies): string[] {
  const conflicts: string[] = [];
  if (usr === "writable" && (etc !== "writable" || var_ !== "writable")) {
    conflicts.push('with usr "writable" there is one writable root, so etc and var must be "writable" too');
  }
  if (usr === "verified" && etc === "writable") {
    conflicts.push(
      'etc "writable" needs usr "writable"; for a lasting /etc over a verified root use "overlay"',
    );
  }
  if (usr === "verified" && var_ === "writable") {
    conflicts.push(
      'var "writable" needs usr "writable"; for a lasting /var beside a verified root use "persistent"',
    );
  }
  if (etc === "overlay" && var_ === "temporary") {
    conflicts.push(
      'etc "overlay" keeps its changes in /var, so var must be "persistent" or "persistent-noexec"',
    );
  }
  return conflicts;
}
