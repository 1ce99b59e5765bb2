import { createHash } from "node:crypto";

import { derivedUuid } from "#boot/partitionUuids.ts";

/**
 * The software bill of materials: CycloneDX 1.6 JSON. Packages are components of the system, regular
 * files are components of the package that brought them; files of the definition and of the build
 * stand beside the packages. Not here: licences and addresses of single files, symlinks, relations
 * between packages.
 */
export interface SbomInput {
  readonly id: string;
  readonly version: string;
  /** Of the system, for people. */
  readonly name: string;
  /** Seconds since 1970; the only time in the document. */
  readonly sourceDateEpoch: number;
  /** Packages, in any order. */
  readonly components: readonly SbomComponent[];
  readonly files: readonly SbomFile[];
}

/** A component as CycloneDX has it; of its further properties none is looked at. */
export interface SbomComponent {
  readonly "bom-ref": string;
  readonly name: string;
}

export interface SbomFile {
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
  /** `bom-ref` of the package that brought it. */
  readonly package?: string;
}

/** The same input gives the same bytes; the order of packages and files does not matter. */
export function encodeSbom({ id, version, name, sourceDateEpoch, components, files }: SbomInput): string {
  const sorted = components.toSorted((a, b) => compare(a["bom-ref"], b["bom-ref"]));
  const filesOf = Map.groupBy(
    files.toSorted((a, b) => compare(a.path, b.path)),
    (file) => file.package,
  );
  const system = `${id}@${version}`;
  const document = {
    metadata: {
      timestamp: new Date(sourceDateEpoch * 1000).toISOString(),
      component: { type: "operating-system", name: id, version, description: name, "bom-ref": system },
    },
    components: [
      ...sorted.map((component) => {
        const own = filesOf.get(component["bom-ref"]);
        return own === undefined ? component : { ...component, components: own.map(toFileComponent) };
      }),
      ...(filesOf.get(undefined) ?? []).map(toFileComponent),
    ],
    dependencies: [
      { ref: system, dependsOn: sorted.map((component) => component["bom-ref"]) },
      ...sorted.map((component) => ({ ref: component["bom-ref"] })),
    ],
  };
  // Names this content, so two documents share a serial number only when they say the same.
  const contentDigest = createHash("sha256").update(JSON.stringify(document)).digest("hex");
  // Without blanks: there are ten thousand files, and programs read it.
  return `${JSON.stringify({
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    serialNumber: `urn:uuid:${derivedUuid("socle:sbom", contentDigest)}`,
    ...document,
  })}\n`;
}

function toFileComponent({ path, sha256 }: SbomFile): object {
  return { type: "file", name: path, hashes: [{ alg: "SHA-256", content: sha256 }] };
}

/** By code units: the locale must not matter. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
