import type { Refusal } from "./textRules.ts";

/** Trees that something else fills at run time: a file of the image would never be seen there. */
const MOUNTED_OVER = ["/proc", "/sys", "/dev", "/run", "/tmp"];

/** Files that have a key of their own, which would fight with the file. */
const FILES_WITH_A_KEY: Readonly<Record<string, string>> = {
  "/etc/hostname": "hostname",
  "/etc/localtime": "timeZone",
  "/etc/timezone": "timeZone",
  "/etc/locale.conf": "locale",
  "/etc/default/locale": "locale",
  "/etc/os-release": "id, version and name",
  "/usr/lib/os-release": "id, version and name",
};

/** Debian has merged /usr: these are links, and a file written through one has two names. */
const LINKS_INTO_USR = ["/bin", "/sbin", "/lib", "/lib64"];

export function refuseFilePath(path: string): Refusal | undefined {
  const parts = path.split("/").slice(1);
  if (parts.some((part) => part === "" || part === "." || part === "..")) {
    return { wanted: 'an absolute path without ".", ".." and "//"' };
  }
  const top = `/${parts[0]}`;
  if (MOUNTED_OVER.includes(top)) {
    return {
      wanted: `a path outside of ${MOUNTED_OVER.join(", ")}`,
      hint: `${top} is mounted anew at every boot; for files there, write a tmpfiles.d(5) line to /usr/lib/tmpfiles.d`,
    };
  }
  if (LINKS_INTO_USR.includes(top)) {
    return { wanted: "a path without the links into /usr", hint: `write "/usr${path}"` };
  }
  const key = Object.hasOwn(FILES_WITH_A_KEY, path) ? FILES_WITH_A_KEY[path] : undefined;
  return key === undefined
    ? undefined
    : { wanted: "a path that no key of the definition writes", hint: `set ${key} instead` };
}
