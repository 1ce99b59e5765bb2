import { PackageURL } from "packageurl-js";

/**
 * The package URL of a Debian package: purl-spec, type `deb`.
 *
 * @param distribution id, e.g. `debian`, and the release that `distro=` names, e.g. `debian-13` or `trixie`
 */
export function toPackageUrl(
  { name, version, architecture }: { name: string; version: string; architecture: string },
  { id, release }: { id: string; release: string },
): string {
  return new PackageURL("deb", id, name, version, { arch: architecture, distro: release }).toString();
}
