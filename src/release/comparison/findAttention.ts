import { ETC_POLICIES, type TreeGuarantee, USR_POLICIES, VAR_POLICIES } from "#definition/levels.ts";

import type { Attention, Change, PrivilegedFile, PropertyChange, ReleaseDiff } from "./releaseDiff.ts";

type Findings = Pick<ReleaseDiff, "properties" | "packages" | "fixes" | "listeners" | "privilegedFiles">;

/** What `to` has that makes it less safe than `from`, as far as a comparison can tell. */
export function findAttention(diff: Findings): Attention[] {
  const { packages, fixes, listeners, privilegedFiles, properties } = diff;
  const isDeclaredAlike = listeners !== null && listeners.evidence !== "mixed";
  return [
    ...properties.filter(isWeaker).map(({ name }) => toAttention("weaker-policy", name)),
    ...properties
      .filter(({ name, to }) => name === "signing.development" && to === true)
      .map(({ name }) => toAttention("development-keys", name)),
    ...(privilegedFiles?.added ?? []).map(({ path }) => toAttention("new-privileged-file", path)),
    ...(privilegedFiles?.changed ?? [])
      .filter(givesMore)
      .map(({ to }) => toAttention("more-privilege", to.path)),
    ...(isDeclaredAlike ? listeners.added : []).map(({ protocol, address, port }) =>
      toAttention("new-listener", formatListener({ protocol, address, port })),
    ),
    ...(packages?.changed ?? [])
      .filter(({ direction }) => direction === "downgrade")
      .map(({ to }) => toAttention("downgrade", to.name)),
    ...(fixes?.lost ?? []).flatMap(({ cves }) => cves.map((cve) => toAttention("lost-fix", cve))),
  ];
}

/** `tcp *:22`, `udp [::1]:53`. */
export function formatListener(listener: { protocol: string; address: string; port: number }): string {
  const { protocol, address, port } = listener;
  return `${protocol} ${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function toAttention(kind: Attention["kind"], subject: string): Attention {
  return { kind, subject };
}

const POLICIES: Readonly<Record<string, Readonly<Record<string, TreeGuarantee>>>> = {
  "policies.usr": USR_POLICIES,
  "policies.etc": ETC_POLICIES,
  "policies.var": VAR_POLICIES,
};

function isWeaker({ name, from, to }: PropertyChange): boolean {
  if (name === "executionControl") return from === "signed";
  if (typeof from !== "string" || typeof to !== "string") return false;
  const before = POLICIES[name]?.[from];
  const after = POLICIES[name]?.[to];
  if (before === undefined || after === undefined) return false;
  return (["writable", "persists", "executable"] as const).some((may) => after[may] && !before[may]);
}

/** Another owner may be more; more people who may run it are more. */
function givesMore({ from, to }: Change<PrivilegedFile>): boolean {
  const isWider = (to.mode & ~from.mode & 0o7777) !== 0;
  return (
    isWider ||
    from.uid !== to.uid ||
    from.gid !== to.gid ||
    to.gives.some((privilege) => !from.gives.includes(privilege))
  );
}
