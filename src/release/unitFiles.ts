import { z } from "zod";

import { UNIT_STATES, type ContentsFile, type ContentsListener, type ContentsUnit } from "./contents.ts";
import { ReleaseError } from "./releaseError.ts";

/**
 * What systemd's unit files say of a root that does not run: states of units (from systemctl) and
 * the ports of sockets (systemd.socket(5), systemd.unit(5)). A socket listens when it is not masked
 * and something wants it: a link in a `.wants`, `.requires` or `.upholds` folder. Not here: paths and
 * other sockets without a port, what services open by themselves, what generators add at boot.
 */
export interface UnitTreeEntry extends Pick<ContentsFile, "path" | "type" | "target"> {
  /** Content; of sockets and their drop-ins (`isSocketText`) only. */
  readonly text?: string;
}

/** Where units of an image are, strongest first. */
const UNIT_FOLDERS = ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"];

/** The files whose text `readListeners` needs, as a regular expression that JavaScript and Python read alike. */
export const SOCKET_TEXTS = `^(${UNIT_FOLDERS.join("|")})/([^/]+\\.socket|([^/]+\\.)?socket\\.d/[^/]+\\.conf)$`;

const UNIT_NAME = /\.(?:service|socket|timer|target|mount|automount|path|slice|swap|device|scope)$/;

/** Whether an entry of a layer can make a difference to the units of the tree that it is laid over. */
export function isAboutUnits({ path }: Pick<ContentsFile, "path">): boolean {
  return (
    path.split("/").includes("systemd") ||
    UNIT_NAME.test(path) ||
    UNIT_FOLDERS.some((folder) => folder.startsWith(path === "/" ? path : `${path}/`))
  );
}

const listed = z.array(z.object({ unit_file: z.string(), state: z.string() }));
const STATES: readonly string[] = UNIT_STATES;

/** From `systemctl list-unit-files --output=json`; sorted by name. */
export function parseUnitList(json: string): ContentsUnit[] {
  return listed
    .parse(JSON.parse(json))
    .map(({ unit_file: name, state: text }) => {
      const state = text.replace(/-runtime$/, "");
      if (!isState(state)) {
        throw new ReleaseError("units-malformed", `Cannot read the list of units: "${name}" is "${text}"`);
      }
      return { name, state };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}

function isState(text: string): text is ContentsUnit["state"] {
  return STATES.includes(text);
}

/** Sorted by unit, protocol, port and address, each once. */
export function readListeners(tree: readonly UnitTreeEntry[]): ContentsListener[] {
  const entries = new Map(
    tree
      .filter(({ path }) => UNIT_FOLDERS.some((folder) => path.startsWith(`${folder}/`)))
      .map((entry) => [entry.path, entry]),
  );
  const wanted = new Set([...entries.values()].flatMap((entry) => toWantedSocket(entry, entries)));
  return [...wanted]
    .toSorted()
    .flatMap((unit) => readSocket(unit, entries))
    .filter((listener, index, all) => index === all.findIndex((other) => isSame(listener, other)));
}

type Entries = ReadonlyMap<string, UnitTreeEntry>;

/** The socket that a link wants, under its own name rather than an alias. */
function toWantedSocket({ path, type, target }: UnitTreeEntry, entries: Entries): string[] {
  const name = /\.(?:wants|requires|upholds)\/(?<name>[^/]+\.socket)$/.exec(path)?.groups?.["name"];
  if (name === undefined || (type === "symlink" && target === "/dev/null")) return [];
  return [toRealName(name, entries)];
}

function toRealName(name: string, entries: Entries): string {
  const target = findUnit(name, entries)?.target;
  const real = target?.split("/").at(-1);
  return real === undefined || real === name || !real.endsWith(".socket") ? name : real;
}

function findUnit(name: string, entries: Entries): UnitTreeEntry | undefined {
  for (const folder of UNIT_FOLDERS) {
    const entry = entries.get(`${folder}/${name}`);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function readSocket(unit: string, entries: Entries): ContentsListener[] {
  const { prefix = "", instance } =
    /^(?<prefix>[^@]+)(?:@(?<instance>.*))?\.socket$/.exec(unit)?.groups ?? {};
  const template = instance === undefined ? undefined : `${prefix}@.socket`;
  const fragment =
    findUnit(unit, entries) ?? (template === undefined ? undefined : findUnit(template, entries));
  // Masked, whether by a link to /dev/null or by an empty file, or nowhere to be found.
  if (fragment?.text === undefined || fragment.text === "") return [];
  const names = ["socket", ...toPrefixes(prefix), ...(template === undefined ? [] : [template]), unit];
  const lines = [fragment.text, ...readDropIns(names, entries)].flatMap(readSocketSection);
  return readPorts(lines, instance ?? "").map((listener) => ({ unit, ...listener }));
}

/** `foo-.socket` and `foo-bar-.socket` for `foo-bar-baz`: drop-ins for all units that begin so. */
function toPrefixes(prefix: string): string[] {
  const words = prefix.split("-").slice(0, -1);
  return words.map((_, index) => `${words.slice(0, index + 1).join("-")}-.socket`);
}

/** One of each file name, the strongest, in the order of the names. */
function readDropIns(names: readonly string[], entries: Entries): string[] {
  const texts = new Map<string, string>();
  for (const name of names) {
    for (const folder of UNIT_FOLDERS.toReversed()) {
      const below = `${folder}/${name}.d/`;
      for (const { path, text = "" } of entries.values()) {
        if (path.startsWith(below) && path.endsWith(".conf")) texts.set(path.slice(below.length), text);
      }
    }
  }
  return [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
}

/** The settings of `[Socket]`, as pairs. systemd.syntax(7). */
function readSocketSection(text: string): [key: string, value: string][] {
  const settings: [string, string][] = [];
  let section = "";
  for (const line of text.replaceAll(/\\\n/g, " ").split("\n")) {
    const trimmed = line.trim();
    if (/^[#;]/.test(trimmed)) continue;
    section = /^\[(?<name>[^\]]*)\]$/.exec(trimmed)?.groups?.["name"] ?? section;
    const equals = trimmed.indexOf("=");
    if (section === "Socket" && equals > 0) {
      settings.push([trimmed.slice(0, equals).trim(), trimmed.slice(equals + 1).trim()]);
    }
  }
  return settings;
}

const PROTOCOLS: Readonly<Record<string, ContentsListener["protocol"]>> = {
  ListenStream: "tcp",
  ListenDatagram: "udp",
};

function readPorts(
  settings: readonly (readonly [key: string, value: string])[],
  instance: string,
): Omit<ContentsListener, "unit">[] {
  let ports: Omit<ContentsListener, "unit">[] = [];
  for (const [key, value] of settings) {
    // An empty one takes back all of them, of whatever kind.
    if (key.startsWith("Listen") && value === "") ports = [];
    const protocol = PROTOCOLS[key];
    const address = protocol === undefined ? undefined : parseAddress(value.replaceAll(/%[iI]/g, instance));
    if (protocol !== undefined && address !== undefined) ports.push({ protocol, ...address });
  }
  return ports.toSorted(
    (a, b) =>
      Number(a.protocol > b.protocol) - Number(a.protocol < b.protocol) ||
      a.port - b.port ||
      Number(a.address > b.address) - Number(a.address < b.address),
  );
}

/** A port of all addresses, `1.2.3.4:80`, `[::1]:80` or `[fe80::1]%eth0:80`; a path or `vsock:` has no port. */
function parseAddress(text: string): { port: number; address: string } | undefined {
  const { address = "*", port = "" } =
    /^(?:(?<address>\d+\.\d+\.\d+\.\d+|\[[^\]]+\](?:%[^:/]+)?):)?(?<port>\d+)$/.exec(text)?.groups ?? {};
  const number = Number(port);
  return number >= 1 && number <= 65_535 ? { port: number, address } : undefined;
}

function isSame(a: ContentsListener, b: ContentsListener): boolean {
  return a.unit === b.unit && a.protocol === b.protocol && a.port === b.port && a.address === b.address;
}
