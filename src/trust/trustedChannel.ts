import type { Metadata, Targets } from "@tufjs/models";

import { toTargetPath } from "#release/channel.ts";
import { isSha256, type Sha256 } from "#release/sha256.ts";

import { present, type Trusted, updateTargets } from "./trustedMetadata.ts";
import { UpdateError } from "./updateError.ts";

/** A channel's metadata: a role that the targets role delegates its folder to. */
export interface TrustedRole {
  readonly name: string;
  readonly metadata: Metadata<Targets>;
  /** Whether the delegation covers this path. */
  readonly mayName: (path: string) => boolean;
}

export function listChannels({ store }: Trusted<"targets">): string[] {
  return Object.keys(present(store.targets).signed.delegations?.roles ?? {}).toSorted();
}

/** 5.6.7, one level deep. */
export function trustChannelRole(
  trusted: Trusted<"targets">,
  name: string,
  bytes: Uint8Array,
  server?: Date,
): TrustedRole {
  const roles = present(trusted.store.targets).signed.delegations?.roles ?? {};
  const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
  if (role === undefined) throw new UpdateError("channel-unknown", toUnknownChannel(trusted, name));
  updateTargets(trusted, bytes, { role: name, delegator: "targets" }, server);
  const metadata = present(trusted.store.getRole(name));
  return { name, metadata, mayName: (path) => role.isDelegatedPath(path) };
}

export function toUnknownChannel(trusted: Trusted<"targets">, name: string): string {
  return `Cannot find the channel "${name}": this repository has ${listChannels(trusted).join(", ") || "none"}`;
}

/** A file of the repository whose length and digest are signed for. */
export interface TrustedTarget {
  /** Below the repository's targets, e.g. `stable/minimal_1.0.efi`. */
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
  /** What the repository says of it beyond TUF, if it does: the release's version and the artifact's kind. */
  readonly version?: string;
  readonly kind?: string;
}

/** Undefined when the channel has no such file. */
export function findTarget(
  { name: channel, metadata, mayName }: TrustedRole,
  name: string,
): TrustedTarget | undefined {
  const path = toTargetPath(channel, name);
  const { targets } = metadata.signed;
  const target = Object.hasOwn(targets, path) ? targets[path] : undefined;
  if (target === undefined) return undefined;
  if (!mayName(path))
    throw new UpdateError(
      "wrong-role",
      `Refused "${path}": the role "${channel}" may not vouch for that path`,
    );
  const sha256 = target.hashes["sha256"] ?? "";
  if (!isSha256(sha256) || !Number.isSafeInteger(target.length))
    throw new UpdateError(
      "metadata-malformed",
      `Refused "${path}": its metadata has no SHA-256, or no whole length`,
    );
  const { version, kind } = target.custom;
  return {
    path,
    name,
    sizeBytes: target.length,
    sha256,
    ...(typeof version === "string" ? { version } : {}),
    ...(typeof kind === "string" ? { kind } : {}),
  };
}

/** The files in the channel's own folder; what it names elsewhere counts for nothing. */
export function listTargets(role: TrustedRole): TrustedTarget[] {
  const folder = toTargetPath(role.name, "");
  return Object.keys(role.metadata.signed.targets)
    .filter((path) => path.startsWith(folder) && /^[A-Za-z0-9][^/]*$/.test(path.slice(folder.length)))
    .flatMap((path) => findTarget(role, path.slice(folder.length)) ?? []);
}
