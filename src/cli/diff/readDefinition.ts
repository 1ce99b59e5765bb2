import { lockFileOf } from "#image/resolveLock.ts";
import { toLockRequest } from "#image/buildPackages.ts";
import { digest, type Json } from "#image/stepCache.ts";
import type { Report } from "#progress/events.ts";
import type { ComparedSystem } from "#release/comparison/comparedSystem.ts";
import { toComparedDefinition } from "#release/comparison/toComparedDefinition.ts";
import { encodeLock, findLockChanges, parseLock } from "#release/lock.ts";
import { hashBytes, readIfPresent } from "#system/files.ts";
import { loadDefinition } from "#system/loadDefinition.ts";

/** A definition with its bases merged in, and its lock where it has one. */
export async function readDefinition(file: string, report: Report): Promise<ComparedSystem> {
  const { definition } = await loadDefinition(file);
  const lockFile = lockFileOf(file);
  const text = await readIfPresent(lockFile);
  const lock = text === undefined ? undefined : parseLock(text, lockFile);
  if (lock !== undefined && findLockChanges(lock.request, toLockRequest(definition)).length > 0) {
    const message = `"${lockFile}" was made for an earlier form of its definition: its packages are compared as they are`;
    report({ kind: "note", level: "warning", message });
  }
  return toComparedDefinition({
    definition,
    // As the build has it, so that a release shows whether it was made from this.
    definitionDigest: digest(definition as unknown as Json), // plain data by its type
    ...(lock === undefined ? {} : { lock, lockDigest: hashBytes(encodeLock(lock)) }),
  });
}
