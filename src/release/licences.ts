import { parseControlFile } from "./controlFile.ts";

/**
 * Licences from a package's copyright file, when that is machine-readable (DEP-5, "Debian
 * copyright-format 1.0"): the short names of all its files. Where every part of a name is a known
 * SPDX identifier it becomes an SPDX expression; what SPDX cannot say keeps its Debian name.
 * Not here: licence texts, which file has which licence, guessing from free-form text.
 */
export type Licence =
  | { readonly kind: "id"; readonly id: string }
  | { readonly kind: "expression"; readonly expression: string }
  | { readonly kind: "named"; readonly name: string };

/** The exact spelling of an SPDX identifier, or undefined when there is none. */
export type FindSpdxId = (text: string) => string | undefined;

/** Names of DEP-5 (its section 7.1) that are not SPDX's, in lower case. GNU licences follow a rule of their own. */
const DEBIAN_NAMES: Readonly<Record<string, string>> = {
  expat: "MIT",
  "mit/x11": "MIT",
  artistic: "Artistic-1.0",
  "artistic-1": "Artistic-1.0",
  perl: "Artistic-1.0-Perl OR GPL-1.0-or-later",
  "bsd-2": "BSD-2-Clause",
  "bsd-3": "BSD-3-Clause",
  cc0: "CC0-1.0",
  "apache-2": "Apache-2.0",
  psf: "Python-2.0",
  "psf-2": "PSF-2.0",
  "w3c-software": "W3C",
  "zope-2.1": "ZPL-2.1",
  eupl: "EUPL-1.0",
  "mpl-2": "MPL-2.0",
};

/** `NAME with X exception`, for the exceptions that SPDX knows in one version only, in lower case. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  bison: "Bison-exception-2.2",
  classpath: "Classpath-exception-2.0",
  font: "Font-exception-2.0",
  "linux-syscall-note": "Linux-syscall-note",
  llvm: "LLVM-exception",
};

/** Empty for a free-form copyright file: the licence is then unknown. Sorted, each once. */
export function readLicences(copyrightText: string, findSpdxId: FindSpdxId): Licence[] {
  const [header, ...paragraphs] = parseControlFile(copyrightText);
  if (!header?.get("format")?.includes("copyright-format")) return [];
  const names = new Set<string>();
  for (const paragraph of paragraphs) {
    // A paragraph without Files holds the text of a licence that others name.
    const name = paragraph.has("files") ? paragraph.get("license")?.split("\n")[0]?.trim() : undefined;
    if (name) names.add(name);
  }
  return [...names]
    .toSorted()
    .map((name) => toLicence(name, findSpdxId))
    .filter(isFirst);
}

export function toLicenceText(licence: Licence): string {
  switch (licence.kind) {
    case "id":
      return licence.id;
    case "expression":
      return licence.expression;
    case "named":
      return licence.name;
  }
}

/** One short name, e.g. `GPL-2+ or Artistic, and Expat`. */
export function toLicence(name: string, findSpdxId: FindSpdxId): Licence {
  const expression = toExpression(name, findSpdxId);
  if (expression === undefined) return { kind: "named", name };
  return expression.includes(" ") ? { kind: "expression", expression } : { kind: "id", id: expression };
}

/** Weakest first: DEP-5 lets a comma bind weaker than "or", and "or" weaker than "and". */
const OPERATORS: readonly [RegExp, "AND" | "OR"][] = [
  [/,\s*and\s+/i, "AND"],
  [/,\s*or\s+/i, "OR"],
  [/\s+or\s+/i, "OR"],
  [/\s+and\s+/i, "AND"],
];

function toExpression(text: string, findSpdxId: FindSpdxId): string | undefined {
  for (const [separator, operator] of OPERATORS) {
    const parts = text.split(separator);
    if (parts.length === 1) continue;
    const expressions = parts.map((part) => toExpression(part.trim(), findSpdxId));
    if (expressions.includes(undefined)) return undefined;
    const joined = expressions.map((part = "") =>
      part.includes(operator === "AND" ? " OR " : " AND ") ? `(${part})` : part,
    );
    return joined.join(` ${operator} `);
  }
  const { name = text, exception } =
    /^(?<name>\S+) with (?<exception>\S+) exception$/i.exec(text)?.groups ?? {};
  const id = toSpdxId(name, findSpdxId);
  if (exception === undefined) return id;
  const exceptionId = EXCEPTIONS[exception.toLowerCase()];
  return id === undefined || exceptionId === undefined ? undefined : `${id} WITH ${exceptionId}`;
}

function toSpdxId(name: string, findSpdxId: FindSpdxId): string | undefined {
  const known = DEBIAN_NAMES[name.toLowerCase()];
  if (known !== undefined) return known;
  // GPL-2 means version 2 only, GPL-2+ any later one too; GFDL-NIV has no invariant sections.
  const gnu = /^(?<family>[AL]?GPL|GFDL)(?<niv>-NIV)?-(?<version>\d(?:\.\d)?)(?:\.0)?(?<later>\+?)$/i.exec(
    name,
  )?.groups;
  if (gnu === undefined) return findSpdxId(name);
  const { family = "", niv, version = "", later } = gnu;
  const number = version.includes(".") ? version : `${version}.0`;
  const range = `${niv === undefined ? "" : "no-invariants-"}${later === "+" ? "or-later" : "only"}`;
  return findSpdxId(`${family.toUpperCase()}-${number}-${range}`);
}

function isFirst(licence: Licence, index: number, all: readonly Licence[]): boolean {
  return all.findIndex((other) => JSON.stringify(other) === JSON.stringify(licence)) === index;
}
