import { refuseFilePath } from "./refuseFilePath.ts";
import { refuseKernelArgument } from "./refuseKernelArgument.ts";
import { refuseTimeZone } from "./refuseTimeZone.ts";

/** Why a text that has the right pattern, or the wrong one, is refused. */
export interface Refusal {
  readonly wanted?: string;
  readonly hint?: string;
}

/** What one kind of text in a definition must look like. */
export interface TextRule {
  /** As the end of the sentence "wanted …". */
  readonly wanted: string;
  readonly pattern: RegExp;
  /** What the pattern cannot say; asked only when the pattern fits. */
  readonly refuse?: (text: string) => Refusal | undefined;
  /** A hint for a text that does not fit the pattern. */
  readonly hint?: (text: string) => string | undefined;
}

const HOST_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const OWNER_NAME = "(?:[a-z_][a-z0-9_-]{0,31}|[0-9]{1,9})";

/** One line per kind of text: the schema, its messages and the JSON Schema read this table. */
export const TEXT_RULES = {
  /** os-release(5) allows `_` in ID, but here it separates id and version in the names of images. */
  id: {
    wanted: 'lower-case letters and digits, separated by single "." or "-", at most 32 characters',
    pattern: /^(?=.{1,32}$)[a-z0-9]+(?:[.-][a-z0-9]+)*$/,
    hint: (text) =>
      text.includes("_") ? 'the "_" separates id and version in file names; use "-"' : undefined,
  },
  /**
   * The alphabet of UAPI.10 without `_`, `+`, `~` and `^`. In `ID_VERSION+TRIES.efi` the first two
   * separate; systemd 257 takes no version with the last two, and silently never offers it.
   */
  version: {
    wanted: 'letters, digits, "." and "-", starting with a letter or digit',
    pattern: /^[A-Za-z0-9][A-Za-z0-9.-]*$/,
    hint: hintForVersion,
  },
  name: {
    wanted: "one line of text, at most 100 characters",
    pattern: /^(?! )[^\p{Cc}\u2028\u2029"\\$`]{1,100}$/u,
    hint: () => 'os-release(5) quotes the name: no ", \\, $ or ` in it, no control characters',
  },
  suite: {
    wanted: 'a suite of Debian, such as "trixie"',
    pattern: /^[a-z][a-z0-9.-]*$/,
    refuse: (text) =>
      /-(?:updates|security)$/.test(text)
        ? { hint: `write "${text.replace(/-\w+$/, "")}": its updates and security suites are used with it` }
        : undefined,
  },
  component: {
    wanted: 'a component of the archive, such as "main" or "non-free-firmware"',
    pattern: /^[a-z][a-z0-9-]*$/,
  },
  /** Debian policy 5.6.1. */
  packageName: {
    wanted: 'the name of a Debian package: at least two of lower-case letters, digits, "+", "-" and "."',
    pattern: /^[a-z0-9][a-z0-9+.-]+$/,
    hint: hintForPackage,
  },
  filePath: {
    wanted: 'an absolute path in the image, such as "/etc/motd"',
    pattern: /^\/[^\p{Cc}]*[^/\p{Cc}]$/u,
    refuse: refuseFilePath,
    hint: (text) => (text.startsWith("/") ? undefined : 'paths start with "/"'),
  },
  source: {
    wanted: "a path beside the definition that names it, or a file: URL",
    pattern: /^[^\0]+$/,
    refuse: refuseSource,
  },
  owner: {
    wanted: 'user and group, such as "root:root" or "0:0"',
    pattern: new RegExp(`^${OWNER_NAME}:${OWNER_NAME}$`),
    hint: (text) =>
      new RegExp(`^${OWNER_NAME}$`).test(text) ? `did you mean "${text}:${text}"?` : undefined,
  },
  /** systemd.unit(5), "String escaping for inclusion in unit names". */
  unitName: {
    wanted: "the name of a unit with its type, such as .service, .socket, .timer, .mount or .target",
    pattern:
      /^[A-Za-z0-9:_.\\@-]+\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/,
    hint: (text) => (/^[A-Za-z0-9:_@-]+$/.test(text) ? `did you mean "${text}.service"?` : undefined),
  },
  /** Part of a file's and of a unit's name. */
  probeName: {
    wanted: 'lower-case letters and digits, separated by single "." or "-", at most 32 characters',
    pattern: /^(?=.{1,32}$)[a-z0-9]+(?:[.-][a-z0-9]+)*$/,
  },
  probeUrl: {
    wanted: 'an address such as "http://127.0.0.1:8080/healthz"',
    pattern: /^http:\/\/[^\s\p{Cc}]+$/u,
    refuse: refuseProbeUrl,
    hint: (text) =>
      text.startsWith("https:") ? "for TLS write a function probe, which decides whom it trusts" : undefined,
  },
  probeAddress: {
    wanted: 'host and port, such as "127.0.0.1:5432" or "[::1]:5432"',
    pattern: /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):[0-9]{1,5}$/,
    refuse: (text) => {
      const port = Number(/[0-9]+$/.exec(text)?.[0]);
      return port >= 1 && port <= 65_535 ? undefined : { hint: "ports are 1 to 65535" };
    },
    hint: (text) => (/^[0-9]+$/.test(text) ? `did you mean "127.0.0.1:${text}"?` : undefined),
  },
  probeModule: {
    wanted:
      "a module in TypeScript or JavaScript: a path beside the definition that names it, or a file: URL",
    pattern: /^[^\0]+\.m?[jt]s$/,
    refuse: refuseSource,
  },
  commandWord: {
    wanted: "text without control characters",
    pattern: /^[^\p{Cc}]*$/u,
  },
  folderPath: {
    wanted: 'the absolute path of a folder, such as "/var"',
    pattern: /^\/(?:(?!\.{1,2}(?:\/|$))[^\p{Cc}/]+(?:\/(?!\.{1,2}(?:\/|$))[^\p{Cc}/]+)*)?$/u,
    hint: (text) =>
      text.startsWith("/") ? 'no "//", "." or "..", and no "/" at the end' : 'paths start with "/"',
  },
  moduleName: {
    wanted: 'the name of a kernel module: letters, digits, "_" and "-"',
    pattern: /^[A-Za-z0-9_-]+$/,
    hint: (text) => {
      const name = /([A-Za-z0-9_-]+)\.ko(?:\.[a-z0-9]+)?$/.exec(text)?.[1];
      return name === undefined ? undefined : `did you mean "${name}"?`;
    },
  },
  kernelArgument: {
    wanted: 'one word of the kernel command line, such as "quiet" or "console=ttyS0"',
    pattern: /^[!-~]+$/,
    refuse: refuseKernelArgument,
    hint: (text) => (/\s/.test(text.trim()) ? "write each word as an item of its own" : undefined),
  },
  /** RFC 1123, 2.1; Linux takes 64 characters. */
  hostname: {
    wanted: 'a host name: letters, digits and "-" in parts separated by ".", at most 64 characters',
    pattern: new RegExp(`^(?=.{1,64}$)${HOST_LABEL}(?:\\.${HOST_LABEL})*$`),
    hint: (text) => (text.includes("_") ? 'a host name has no "_"; use "-"' : undefined),
  },
  timeZone: {
    wanted: 'an IANA time zone, such as "UTC" or "Europe/Paris"',
    pattern: /^[A-Za-z][A-Za-z0-9_+/-]*$/,
    refuse: refuseTimeZone,
  },
  locale: {
    wanted: 'a locale in UTF-8, such as "C.UTF-8" or "en_GB.UTF-8"',
    pattern: /^(?:C|[a-z]{2,3}(?:_[A-Z]{2})?)\.UTF-8(?:@[a-z]+)?$/,
    hint: (text) =>
      /^(?:C|[a-z]{2,3}(?:_[A-Z]{2})?)$/.test(text) ? `did you mean "${text}.UTF-8"?` : undefined,
  },
} as const satisfies Record<string, TextRule>;

function refuseSource(text: string): Refusal | undefined {
  if (/^(?!file:)[a-z][a-z0-9+.-]+:\/\//.test(text)) {
    return { hint: "a build fetches nothing but packages: keep the file beside the definition" };
  }
  const isOddFileUrl =
    text.startsWith("file:") && !/^file:\/\/\/(?:[^%]|%(?!2F|00)[0-9A-F]{2})*$/i.test(text);
  return isOddFileUrl ? { hint: 'such a URL is made by import.meta.resolve("./name")' } : undefined;
}

/** What is in the image is no secret, so a password there is none. */
function refuseProbeUrl(text: string): Refusal | undefined {
  if (!URL.canParse(text)) return {};
  const { username, password } = new URL(text);
  return username + password === "" ? undefined : { hint: "everyone can read the image: no passwords in it" };
}

function hintForVersion(text: string): string | undefined {
  if (/[~^]/.test(text)) return 'systemd 257 silently ignores versions with "~" or "^"; use "-"';
  if (/[_+]/.test(text))
    return '"_" and "+" separate id, version and boot tries in file names; use "." or "-"';
  return undefined;
}

function hintForPackage(text: string): string | undefined {
  if (/[=<>]/.test(text)) return "name the package only: the lock pins the version (socle lock)";
  if (text.includes("/")) return "name the package only: suites are set in distribution.suite";
  if (/\s/.test(text.trim())) return "write each package as an item of its own";
  return /[A-Z]/.test(text) ? `did you mean "${text.toLowerCase()}"?` : undefined;
}
