import type { RepositoryState } from "#trust/repositoryState.ts";

/** Version and end of each role's metadata, for results. */
export function toStateDocument({ root, timestamp, snapshot, targets, channels }: RepositoryState) {
  const toEntry = (role: string, { signed }: { readonly signed: { version: number; expires: string } }) => ({
    role,
    version: signed.version,
    expires: signed.expires,
  });
  return [
    toEntry("root", root),
    toEntry("timestamp", timestamp),
    toEntry("snapshot", snapshot),
    toEntry("targets", targets),
    ...[...channels].map(([name, metadata]) => toEntry(name, metadata)),
  ];
}
