import type { PackageContext } from "#image/packageContext.ts";
import { findMirrors, refuseMirrors, type AptMirrors } from "#system/aptArchive.ts";

import type { CommandContext } from "./commandContext.ts";

/** What the makers need of a command: its progress, its end, and the mirrors of this host, read at most once. */
export function toPackageContext(
  { report, signal }: CommandContext,
  options: { offline?: true } = {},
): PackageContext {
  let found: Promise<AptMirrors> | undefined;
  return {
    report,
    signal,
    mirrors: () => (found ??= options.offline === true ? refuseMirrors() : findMirrors(signal)),
  };
}
