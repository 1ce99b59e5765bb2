import * as Enums from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import { JSON as CycloneJson } from "@cyclonedx/cyclonedx-library/Serialize";
import * as SPDX from "@cyclonedx/cyclonedx-library/SPDX";
import * as Spec from "@cyclonedx/cyclonedx-library/Spec";

import { readLicences, toLicenceText, type Licence } from "./licences.ts";
import { toPackageUrl } from "./packageUrl.ts";
import type { InstalledPackage } from "./packages.ts";
import type { SbomComponent } from "./sbom.ts";
import type { Sha256 } from "./sha256.ts";

/** What a package says of itself. */
export interface PackageSource extends InstalledPackage {
  /** Of the .deb, from the lock. */
  readonly sha256?: Sha256;
  /** /usr/share/doc/NAME/copyright, if there is one. */
  readonly copyright?: string;
}

export interface PackageDescription {
  /** SPDX identifiers or expressions; other names as Debian's copyright file has them. */
  readonly licences: readonly string[];
  readonly component: SbomComponent;
}

/**
 * Packages with their licences and as components of a bill of materials, in the order in which they
 * are given. Loading this module takes longer than the work: import it late.
 *
 * @param distribution os-release ID and VERSION_ID of the base, e.g. `debian` and `13`
 */
export function toPackageDescriptions(
  packages: readonly PackageSource[],
  distribution: { readonly id: string; readonly versionId: string },
): PackageDescription[] {
  const normalizer = new CycloneJson.Normalize.Factory(Spec.Spec1dot6).makeForComponent();
  const licencesOf = readEachOnce();
  return packages.map((entry) => {
    const licences = licencesOf(entry);
    const purl = toPackageUrl(entry, {
      id: distribution.id,
      release: `${distribution.id}-${distribution.versionId}`,
    });
    const component = normalizer.normalize(toComponent(entry, purl, licences), { sortLists: true });
    if (component === undefined) throw new TypeError(`CycloneDX 1.6 has no form for "${purl}"`);
    // Components of another type than package or file are not made here; the rest of the form is the library's.
    return { licences: licences.map(toLicenceText), component: component as unknown as SbomComponent };
  });
}

/** The packages of one source share one copyright file: reading it once halves the time. */
function readEachOnce(): (entry: PackageSource) => Licence[] {
  const known = new Map<string, Licence[]>();
  return ({ copyright = "" }) => {
    const licences = known.get(copyright) ?? readLicences(copyright, SPDX.fixupSpdxId);
    known.set(copyright, licences);
    return licences;
  };
}

function toComponent(entry: PackageSource, purl: string, licences: readonly Licence[]): Models.Component {
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
    licence.kind === "named" ? [] : [toLicenceText(licence)],
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
    return declared(new Models.NamedLicense(toLicenceText(licence)));
  });
}

/** Said by the package, not concluded by us from texts. */
function declared<L extends Models.License>(licence: L): L {
  licence.acknowledgement = Enums.LicenseAcknowledgement.Declared;
  return licence;
}
