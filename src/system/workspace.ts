import { join } from "node:path";

/**
 * Where Socle keeps what it makes for itself: one folder, by default `.socle` in the clone. All of
 * it can be deleted at any time; it is made again.
 */
export interface Workspace {
  /** Debian packages by SHA-256, shared by all definitions. */
  readonly packages: string;
  /** apt's indexes, one folder per suite. */
  readonly indexes: string;
  /** Results of build steps by the digest of their inputs. */
  readonly steps: string;
  /** Tools trees by the digest of their packages. */
  readonly tools: string;
  /** Work in progress; folders carry the id of their process. */
  readonly work: string;
  /** Virtual machines by name. */
  readonly machines: string;
  /** Development keys. Made again they are others, and what was signed with the old ones is not trusted any more. */
  readonly keys: string;
  /** What was trusted of repositories that releases were fetched from, so that nothing older is accepted later. */
  readonly updates: string;
  /** Lock files of work that only one process may do. */
  readonly locks: string;
}

export const PROJECT_ROOT = join(import.meta.dirname, "..", "..");

export function openWorkspace(root = process.env["SOCLE_HOME"] ?? join(PROJECT_ROOT, ".socle")): Workspace {
  return {
    packages: join(root, "packages"),
    indexes: join(root, "indexes"),
    steps: join(root, "steps"),
    tools: join(root, "tools"),
    work: join(root, "work"),
    machines: join(root, "machines"),
    keys: join(root, "keys"),
    updates: join(root, "updates"),
    locks: join(root, "locks"),
  };
}
