import { join } from "node:path";

import { ARCHIVES, type Archive, type LockedPackage, type LockRequest } from "#release/lock.ts";
import { parseSha256 } from "#release/sha256.ts";

import { ArchiveError } from "./archiveError.ts";
import { isDiskFull } from "./diskFull.ts";
import { exists, makeFolder, writeAtomic } from "./files.ts";
import { DIE_WITH_PARENT } from "./isolation.ts";
import { CommandError, runCommand } from "./runCommand.ts";

/**
 * The Debian archive as the host's own apt reaches it: its mirrors, its proxies, its credentials.
 * Resolution and downloads are apt's; what is added is a state folder of our own, so that neither
 * the host's packages nor its sources play a part.
 */
export interface AptMirrors {
  readonly debian: string;
  readonly "debian-security": string | undefined;
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Reads the mirrors from the environment or the host's apt. */
export async function findMirrors(signal?: AbortSignal): Promise<AptMirrors> {
  const fromEnvironment = process.env["SOCLE_MIRROR"];
  if (fromEnvironment !== undefined) {
    return { debian: withoutSlash(fromEnvironment), "debian-security": process.env["SOCLE_SECURITY_MIRROR"] };
  }
  const format = "$(LABEL)|$(REPO_URI)";
  const { stdout } = await runCommand(
    ["apt-get", "indextargets", "--format", format, "Created-By: Packages"],
    { signal },
  );
  const uriOf = (label: string) =>
    stdout
      .split("\n")
      .filter((line) => line.startsWith(`${label}|`))
      .map((line) => withoutSlash(line.slice(label.length + 1)))[0];
  const debian = uriOf("Debian");
  if (debian === undefined) {
    throw new ArchiveError("no-mirror", "Cannot find a Debian mirror: the host's apt has read none", {
      hint: "Run `apt-get update` once. On a host that is not Debian, name one:\n  SOCLE_MIRROR=URL SOCLE_SECURITY_MIRROR=URL socle lock",
    });
  }
  return { debian, "debian-security": uriOf("Debian-Security") };
}

/** In place of mirrors where the network must not be used. */
export async function refuseMirrors(): Promise<AptMirrors> {
  throw new ArchiveError(
    "no-mirror",
    "Cannot download: the network is not to be used, and not everything is in the cache",
    {
      hint: "Build once without --offline, or take the packages from a pool: SOCLE_MIRROR=file:DIR",
    },
  );
}

function withoutSlash(uri: string): string {
  return uri.replace(/\/+$/, "");
}

/** A private apt: `update` reads the indexes of the request's suites, `resolve` asks what a set of packages needs. */
export async function openArchive(
  folder: string,
  mirrors: AptMirrors,
  request: Pick<LockRequest, "suite" | "components" | "architecture">,
  signal?: AbortSignal,
): Promise<{ update(): Promise<void>; resolve(packages: readonly string[]): Promise<LockedPackage[]> }> {
  await makeFolder(join(folder, "lists", "partial"));
  await makeFolder(join(folder, "archives", "partial"));
  await writeAtomic(join(folder, "status"), "");
  await writeAtomic(join(folder, "archive.sources"), await sourcesFile(mirrors, request));
  const config = join(folder, "apt.conf");
  await writeAtomic(config, aptConfiguration(folder, request.architecture));
  const environment = { ...process.env, APT_CONFIG: config, LC_ALL: "C.UTF-8" } as Record<string, string>;

  return {
    async update() {
      try {
        await runCommand([...DIE_WITH_PARENT, "apt-get", "update", "--error-on=any"], {
          environment,
          signal,
          title: "apt-get update",
        });
      } catch (error) {
        if (!(error instanceof CommandError) || isDiskFull(error)) throw error;
        throw toUpdateError(error, request.suite);
      }
    },
    async resolve(packages) {
      const argv = [
        ...DIE_WITH_PARENT,
        "apt-get",
        "install",
        "--print-uris",
        "-qq",
        "--yes",
        "?essential",
        ...packages,
      ];
      try {
        const { stdout } = await runCommand(argv, { environment, signal, title: "apt-get install" });
        return parsePrintedUris(stdout, mirrors);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        throw toResolveError(error, request.suite);
      }
    },
  };
}

function toUpdateError(error: CommandError, suite: string): ArchiveError {
  const tail = error.outputTail ?? "";
  if (
    /Release' does not have a Release file|Release' no longer has a Release file/.test(tail) &&
    /\b404\b|File not found/.test(tail)
  ) {
    return new ArchiveError("suite-unknown", `Cannot lock: the mirror has no suite "${suite}"`, {
      cause: error,
      outputTail: tail,
      hint: "Check distribution.suite in the definition: trixie is the name of Debian 13, forky of the next one.",
    });
  }
  return new ArchiveError(
    "mirror-failed",
    `Cannot read the package lists of ${suite}: the mirror did not serve them`,
    {
      cause: error,
      outputTail: tail,
      hint: "Check the network and the host's apt sources: `apt-get update` must work. Nothing was changed.",
    },
  );
}

function toResolveError(error: CommandError, suite: string): ArchiveError {
  const tail = error.outputTail ?? "";
  const unknown = [
    ...tail.matchAll(/Unable to locate package (\S+)|Package '([^']+)' has no installation candidate/g),
  ];
  const names = unknown.map((match) => `"${match[1] ?? match[2] ?? ""}"`);
  if (names.length > 0) {
    return new ArchiveError("package-unknown", `Cannot lock: ${suite} has no package ${names.join(", ")}`, {
      cause: error,
      hint: "Check the spelling with `apt-cache search`, or add the component that holds it to distribution.components.",
    });
  }
  return new ArchiveError("package-unknown", `Cannot lock: the packages do not fit together in ${suite}`, {
    cause: error,
    outputTail: tail,
  });
}

async function sourcesFile(
  mirrors: AptMirrors,
  request: Pick<LockRequest, "suite" | "components">,
): Promise<string> {
  const signedBy = (await exists(KEYRING)) ? `Signed-By: ${KEYRING}\n` : "";
  const stanza = (uri: string, suites: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: ${request.components.join(" ")}\n${signedBy}`;
  // sid and its like have neither updates nor security suites.
  const rolling = ["sid", "unstable", "experimental"].includes(request.suite);
  const stanzas = [
    stanza(mirrors.debian, rolling ? request.suite : `${request.suite} ${request.suite}-updates`),
  ];
  const security = mirrors["debian-security"];
  if (!rolling && security !== undefined) stanzas.push(stanza(security, `${request.suite}-security`));
  return stanzas.join("\n");
}

function aptConfiguration(folder: string, architecture: string): string {
  return `Dir::State "${folder}";
Dir::State::lists "${folder}/lists";
Dir::State::status "${folder}/status";
Dir::Cache "${folder}";
Dir::Cache::archives "${folder}/archives";
Dir::Etc::sourcelist "${folder}/archive.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Acquire::Languages "none";
Acquire::ForceHash "SHA256";
APT::Sandbox::User "root";
APT::Architecture "${architecture}";
APT::Architectures { "${architecture}"; };
APT::Install-Recommends "false";
APT::Install-Suggests "false";
`;
}

/** Lines of `apt-get --print-uris`: `'URI' NAME_VERSION_ARCH.deb SIZE SHA256:HEX`. */
export function parsePrintedUris(text: string, mirrors: AptMirrors): LockedPackage[] {
  const packages: LockedPackage[] = [];
  for (const line of text.split("\n")) {
    const match = /^'([^']+)' (\S+?)_(\S+?)_(\S+?)\.deb (\d+) SHA256:([0-9a-f]{64})$/.exec(line);
    if (match === null) continue;
    const [, uri = "", name = "", version = "", architecture = "", size = "", sha256 = ""] = match;
    const { archive, path } = splitUri(uri, mirrors);
    packages.push({
      name,
      version: decodeURIComponent(version),
      architecture,
      archive,
      path: decodeURIComponent(path),
      sizeBytes: Number(size),
      sha256: parseSha256(sha256),
    });
  }
  return packages.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function splitUri(uri: string, mirrors: AptMirrors): { archive: Archive; path: string } {
  // The longest first: a security mirror's address can begin with the main mirror's.
  for (const archive of ARCHIVES.toReversed()) {
    const base = mirrors[archive];
    if (base !== undefined && uri.startsWith(`${base}/`))
      return { archive, path: uri.slice(base.length + 1) };
  }
  throw new ArchiveError("mirror-failed", `Cannot lock: apt names "${uri}", which is on none of the mirrors`);
}
