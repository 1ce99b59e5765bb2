import { ETC_POLICIES, USR_POLICIES, VAR_POLICIES } from "#definition/levels.ts";
import type { TreeGuarantee, TreePolicies } from "#definition/levels.ts";
import { findMountOf } from "./mounts.ts";
import type { Mount } from "./mounts.ts";

export interface Tree {
  readonly path: "/usr" | "/etc" | "/var";
  readonly policy: string;
  readonly guarantee: TreeGuarantee;
  /** The mount that holds the tree now; undefined when it is not known. */
  readonly mount: Mount | undefined;
}

/** The three trees of a level beside what is mounted. */
export function toTrees(policies: TreePolicies, mounts: readonly Mount[]): Tree[] {
  const tree = (path: Tree["path"], policy: string, guarantee: TreeGuarantee): Tree => ({
    path,
    policy,
    guarantee,
    mount: findMountOf(mounts, path),
  });
  return [
    tree("/usr", policies.usr, USR_POLICIES[policies.usr]),
    tree("/etc", policies.etc, ETC_POLICIES[policies.etc]),
    tree("/var", policies.var, VAR_POLICIES[policies.var]),
  ];
}

/** Where the mount of a tree breaks what its policy promises, one sentence each. */
export function findTreeConflicts({ path, policy, guarantee, mount }: Tree): string[] {
  const promise = `${path} should be "${policy}"`;
  if (mount === undefined) return [`${promise}, but what is mounted there is not known`];

  const conflicts: string[] = [];
  const isTmpfs = mount.fstype === "tmpfs";
  if (!guarantee.writable && !mount.readOnly) {
    conflicts.push(
      `${promise}, that is read-only, but is mounted read-write (${mount.fstype} on ${mount.target})`,
    );
  }
  if (guarantee.writable && mount.readOnly) {
    conflicts.push(
      `${promise}, that is writable, but is mounted read-only (${mount.fstype} on ${mount.target})`,
    );
  }
  if (guarantee.persists && isTmpfs) {
    conflicts.push(`${promise}, that is kept over a reboot, but is in memory (tmpfs on ${mount.target})`);
  }
  if (guarantee.writable && !guarantee.persists && !isTmpfs) {
    conflicts.push(`${promise}, that is lost at a reboot, but is on ${mount.fstype} (${mount.target})`);
  }
  if (!guarantee.executable && !mount.options.includes("noexec")) {
    conflicts.push(
      `${promise}, that is without executables, but is mounted without noexec (${mount.target})`,
    );
  }
  return conflicts;
}
