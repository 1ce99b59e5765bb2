import { createHash } from "node:crypto";

import * as Enums from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import { JSON as CycloneJson } from "@cyclonedx/cyclonedx-library/Serialize";
import * as SPDX from "@cyclonedx/cyclonedx-library/SPDX";
import * as Spec from "@cyclonedx/cyclonedx-library/Spec";
import { PackageURL } from "packageurl-js";

import { derivedUuid } from "#boot/partitionUuids.ts";

import { readLicences, type Licence } from "./licences.ts";
import type { InstalledPackage } from "./packages.ts";
import type { Sha256 } from "./sha256.ts";

/** What a software bill of materials is made from. Loading this module takes longer than making one: import it late. */
export interface SbomInput {
  readonly id: string;
  readonly version: string;
  /** Of the system, for people. */
  readonly name: string;
  /** os-release ID and VERSION_ID of the base, e.g. `debian` and `13`. */
  readonly distribution: { readonly id: string; readonly versionId: string };
  /** Seconds since 1970; the only time in the document. */
  readonly sourceDateEpoch: number;
  readonly packages: readonly SbomPackage[];
}

export interface SbomPackage extends InstalledPackage {
  /** Of the .deb, from the lock. */
  readonly sha256?: Sha256;
  /** /usr/share/doc/NAME/copyright, if there is one. */
  readonly copyright?: string;
}

/** CycloneDX 1.6 JSON. The same input gives the same bytes; the order of packages does not matter. */
export function encodeSbom(input: SbomInput): string {
  const document = new CycloneJson.Normalize.Factory(Spec.Spec1dot6)
    .makeForBom()
    .normalize(toBom(input), { sortLists: true });
  // Names this content, so two documents share a serial number only when they say the same.
  const contentDigest = createHash("sha256").update(JSON.stringify(document)).digest("hex");
  return `${JSON.stringify({ ...document, serialNumber: `urn:uuid:${derivedUuid("socle:sbom", contentDigest)}` }, null, 2)}\n`;
}

function toBom(input: SbomInput): Models.Bom {
  const licencesOf = readEachOnce();
  const components = input.packages.map((entry) => toComponent(entry, input.distribution, licencesOf(entry)));
  const system = new Models.Component(Enums.ComponentType.OperatingSystem, input.id, {
    bomRef: `${input.id}@${input.version}`,
    version: input.version,
    description: input.name,
    dependencies: new Models.BomRefRepository(components.map(({ bomRef }) => bomRef)),
  });
  return new Models.Bom({
    metadata: new Models.Metadata({ timestamp: new Date(input.sourceDateEpoch * 1000), component: system }),
    components: new Models.ComponentRepository(components),
  });
}

/** The packages of one source share one copyright file: reading it once halves the time. */
function readEachOnce(): (entry: SbomPackage) => Licence[] {
  const known = new Map<string, Licence[]>();
  return ({ copyright = "" }) => {
    const licences = known.get(copyright) ?? readLicences(copyright, SPDX.fixupSpdxId);
    known.set(copyright, licences);
    return licences;
  };
}

function toComponent(
  entry: SbomPackage,
  distribution: SbomInput["distribution"],
  licences: readonly Licence[],
): Models.Component {
  const purl = new PackageURL("deb", distribution.id, entry.name, entry.version, {
    arch: entry.architecture,
    distro: `${distribution.id}-${distribution.versionId}`,
  }).toString();
  return new Models.Component(Enums.ComponentType.Library, entry.name, {
    bomRef: purl,
    version: entry.version,
    purl,
    hashes: new Models.HashDictionary(
      entry.sha256 === undefined ? [] : [[Enums.HashAlgorithm["SHA-256"], entry.sha256]],
    ),
    licenses: new Models.LicenseRepository(toModels(licences)),
    externalReferences: new Models.ExternalReferenceRepository(
      entry.homepage === undefined
        ? []
        : [new Models.ExternalReference(entry.homepage, Enums.ExternalReferenceType.Website)],
    ),
    properties: new Models.PropertyRepository([
      new Models.Property("socle:deb:source", entry.source),
      new Models.Property("socle:deb:source-version", entry.sourceVersion),
    ]),
    ...(entry.maintainer === ""
      ? {}
      : { supplier: new Models.OrganizationalEntity({ name: entry.maintainer }) }),
  });
}

/**
 * CycloneDX takes either one expression or a list of single licences. Where SPDX can say all of
 * them they become one expression; else an expression stands in the list as a name.
 */
function toModels(licences: readonly Licence[]): Models.License[] {
  const expressions = licences.flatMap((licence) =>
    licence.kind === "named" ? [] : [toExpression(licence)],
  );
  const hasCompound = licences.some(({ kind }) => kind === "expression");
  if (hasCompound && expressions.length === licences.length) {
    const [only, ...more] = expressions;
    const all =
      more.length === 0
        ? only
        : expressions.map((part) => (part.includes(" OR ") ? `(${part})` : part)).join(" AND ");
    return all === undefined ? [] : [declared(new Models.LicenseExpression(all))];
  }
  return licences.map((licence) => {
    if (licence.kind === "id") return declared(new Models.SpdxLicense(licence.id));
    return declared(new Models.NamedLicense(licence.kind === "named" ? licence.name : licence.expression));
  });
}

function toExpression(licence: Exclude<Licence, { kind: "named" }>): string {
  return licence.kind === "id" ? licence.id : licence.expression;
}

/** Said by the package, not concluded by us from texts. */
function declared<L extends Models.License>(licence: L): L {
  licence.acknowledgement = Enums.LicenseAcknowledgement.Declared;
  return licence;
}
