import { parseControlFile, type ControlParagraph } from "./controlFile.ts";
import { ReleaseError } from "./releaseError.ts";

/** A package as dpkg has it installed (/var/lib/dpkg/status). */
export interface InstalledPackage extends PackageListEntry {
  readonly maintainer: string;
  readonly section: string;
  readonly installedSizeKiB: number;
  readonly homepage?: string;
}

/** One line of a release's package list. */
export interface PackageListEntry {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  /** Differs from `version` where only the binary was built again, e.g. `5.2.37-2` for `5.2.37-2+b10`. */
  readonly sourceVersion: string;
}

/** Those that are installed, by name and architecture; removed ones whose settings are left are not. */
export function parseDpkgStatus(text: string): InstalledPackage[] {
  return parseControlFile(text)
    .filter((paragraph) => paragraph.get("status")?.endsWith(" installed"))
    .map(toInstalledPackage)
    .toSorted(comparePackages);
}

/** `name<TAB>version<TAB>architecture<TAB>source`, the source with its version in parentheses where that differs. */
export function encodePackageList(packages: readonly PackageListEntry[]): string {
  return packages
    .toSorted(comparePackages)
    .map(({ name, version, architecture, source, sourceVersion }) => {
      const from = sourceVersion === version ? source : `${source} (${sourceVersion})`;
      return `${[name, version, architecture, from].join("\t")}\n`;
    })
    .join("");
}

export function decodePackageList(text: string): PackageListEntry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line, index) => {
      const [name, version, architecture, from, ...more] = line.split("\t");
      if (!name || !version || !architecture || !from || more.length > 0) {
        fail(
          `line ${index + 1} of the package list is ${JSON.stringify(line)}, wanted name, version, architecture and source between tabs`,
        );
      }
      return { name, version, architecture, ...parseSource(from, version) };
    });
}

function toInstalledPackage(paragraph: ControlParagraph): InstalledPackage {
  const name = paragraph.get("package");
  const version = paragraph.get("version");
  const architecture = paragraph.get("architecture");
  if (!name || !version || !architecture) {
    fail(
      `the installed package "${name ?? ""}" has version "${version ?? ""}" and architecture "${architecture ?? ""}" in dpkg's status`,
    );
  }
  const homepage = paragraph.get("homepage");
  return {
    name,
    version,
    architecture,
    ...parseSource(paragraph.get("source") ?? name, version),
    maintainer: paragraph.get("maintainer") ?? "",
    section: paragraph.get("section") ?? "",
    installedSizeKiB: Number(paragraph.get("installed-size") ?? 0),
    ...(homepage === undefined ? {} : { homepage }),
  };
}

/** `NAME` or `NAME (VERSION)`: without one, the source has the package's own version. */
function parseSource(text: string, version: string): Pick<PackageListEntry, "source" | "sourceVersion"> {
  const { source, sourceVersion } =
    /^(?<source>\S+)(?: \((?<sourceVersion>\S+)\))?$/.exec(text)?.groups ?? {};
  if (source === undefined) fail(`the source is "${text}", wanted NAME or NAME (VERSION)`);
  return { source, sourceVersion: sourceVersion ?? version };
}

function comparePackages(a: PackageListEntry, b: PackageListEntry): number {
  const [left, right] = [`${a.name}\t${a.architecture}`, `${b.name}\t${b.architecture}`];
  return left < right ? -1 : Number(left > right);
}

function fail(reason: string): never {
  throw new ReleaseError("packages-malformed", `Cannot read the list of packages: ${reason}`);
}
