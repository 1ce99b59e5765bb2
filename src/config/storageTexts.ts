import type { Refusal, TextRule } from "#definition/textRules.ts";

/** Folders that Debian or Socle has, whose owner and content are not for a document to say. */
const FOLDERS_OF_THE_SYSTEM = [
  ["/var/backups", "/var/cache", "/var/lib", "/var/local", "/var/log", "/var/mail", "/var/opt", "/var/spool"],
  ["/var/cache/private", "/var/lib/misc", "/var/lib/private", "/var/log/private"],
].flat();

/** Nothing at or below these. */
const TREES_OF_THE_SYSTEM = [
  [
    "/var/lib/apt",
    "/var/lib/dbus",
    "/var/lib/dpkg",
    "/var/lib/socle",
    "/var/lib/systemd",
    "/var/log/journal",
  ],
  ["/var/lock", "/var/run", "/var/tmp"],
].flat();

const WANTED = 'a folder for data, such as "/var/lib/data" or "/srv"';

export const STORAGE_TEXT_RULES = {
  path: {
    wanted: `${WANTED}: letters, digits, ".", "_" and "-"`,
    pattern: /^(?=.{1,200}$)(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/,
    refuse: refuseStatePath,
    hint: (text) => (text.length > 1 && text.endsWith("/") ? 'without "/" at the end' : undefined),
  },
  label: {
    wanted: 'the label of a file system: at most 36 letters, digits, "_", "." and "-"',
    pattern: /^[A-Za-z0-9_.-]{1,36}$/,
    refuse: (text) => (/^\.{1,2}$/.test(text) ? {} : undefined),
  },
  /** vfat has eight digits, the others a UUID. */
  uuid: {
    wanted: 'the UUID of a file system, such as "0a1b2c3d-1111-2222-3333-444455556666"',
    pattern: /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-F]{4}-[0-9A-F]{4})$/,
    hint: (text) => (/[A-F]/.test(text) && text.length === 36 ? `write "${text.toLowerCase()}"` : undefined),
  },
  /** The owner's program runs as root if the file says so; a folder with these bits hands its group on only. */
  mode: {
    wanted: 'permissions in octal, such as "0750", without the set-user-id bit',
    pattern: /^[0-3]?[0-7]{3}$/,
  },
} as const satisfies Record<string, TextRule>;

function refuseStatePath(path: string): Refusal | undefined {
  if (path === "/srv" || path.startsWith("/srv/")) return undefined;
  const hint = "the root is read-only: state lies below /var, or on a file system of its own at /srv";
  if (!path.startsWith("/var/")) return { wanted: WANTED, hint };
  const isTaken =
    FOLDERS_OF_THE_SYSTEM.includes(path) ||
    TREES_OF_THE_SYSTEM.some((tree) => path === tree || path.startsWith(`${tree}/`)) ||
    path.startsWith("/var/lib/socle-");
  return isTaken
    ? { wanted: WANTED, hint: "this one belongs to the system; take a folder of its own" }
    : undefined;
}
