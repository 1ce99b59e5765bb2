import { X509Certificate } from "node:crypto";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { ConfigurationError } from "#config/configurationError.ts";
import type { FoundDocument } from "#config/judgeDocument.ts";
import { decodeMachineConfiguration } from "#config/parseMachineConfiguration.ts";
import type {
  CertificateSchema,
  ListCertificatesResponseSchema,
  RevocationListSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";
import { parseCallerTrust } from "#trust/callerTrust.ts";
import { toFingerprint } from "#trust/fingerprint.ts";
import type { RevocationList } from "#trust/parseRevocationLists.ts";

import type { OwnIdentity } from "../identity/machineIdentity.ts";
import { readText, type Machine } from "../machineFacts.ts";
import type { AuthoritySource, CallerAccess } from "../readAccess.ts";

export interface CertificateSources {
  /** What the machine shows to its callers. Without its key: nobody here has a use for it. */
  readonly own: Pick<OwnIdentity, "certificate" | "source">;
  /** In force now. */
  readonly readAccess: () => CallerAccess;
  /** Who says so, by the PEM of the authority. */
  readonly readAuthoritySources: () => ReadonlyMap<string, AuthoritySource>;
  /** The machine's, from the first source that has one. */
  readonly findDocument: () => Promise<FoundDocument | undefined>;
}

/** What programs that use TLS read. Rendered from the configuration where the level has that: renderEtc.ts. */
export const TRUSTED_BUNDLE_PATH = "/etc/ssl/certs/ca-certificates.crt";

export async function listCertificates(
  machine: Pick<Machine, "readFile">,
  sources: CertificateSources,
): Promise<MessageInitShape<typeof ListCertificatesResponseSchema>> {
  const { own } = sources;
  return {
    own: toCertificate(new X509Certificate(own.certificate), own.source),
    authorities: await listAuthorities(sources),
    trusted: await listTrusted(machine, sources),
  };
}

async function listAuthorities({ readAccess, readAuthoritySources }: CertificateSources) {
  const { clientAuthorities, revocations = "" } = readAccess();
  const authoritySources = readAuthoritySources();
  const authorities = await Promise.all(
    clientAuthorities.map(async (pem) => {
      const trust = await parseCallerTrust({ authorities: [pem] });
      const source = authoritySources.get(pem) ?? "kept";
      return trust.authorities.map((certificate) => ({ certificate, source }));
    }),
  );
  const all = authorities.flat();
  const lists = await readLists(
    revocations,
    all.map(({ certificate }) => certificate),
  );
  return all.map(({ certificate, source }) => {
    // Its certificate may have been made anew; the key says whose list it is.
    const list = lists.find(({ authority }) => authority.publicKey.equals(certificate.publicKey));
    return {
      certificate: toCertificate(certificate, source),
      ...(list === undefined ? {} : { revocations: toRevocationList(list) }),
    };
  });
}

async function readLists(
  revocations: string,
  authorities: readonly X509Certificate[],
): Promise<readonly RevocationList[]> {
  if (revocations.trim() === "") return [];
  // Not at the top, as in callerTrust.ts: the decoder takes memory which most machines need not give.
  const { parseRevocationLists } = await import("#trust/parseRevocationLists.ts");
  return parseRevocationLists(revocations, authorities);
}

/** Those of the configuration that are in force: where the level renders no /etc, or it was refused, programs know none of them. */
async function listTrusted(
  machine: Pick<Machine, "readFile">,
  { findDocument }: CertificateSources,
): Promise<MessageInitShape<typeof CertificateSchema>[]> {
  const configured = toConfiguredAuthorities(await findDocument());
  if (configured.length === 0) return [];
  const bundle = (await readText(machine, TRUSTED_BUNDLE_PATH)) ?? "";
  return configured
    .filter((pem) => bundle.includes(pem.trim()))
    .map((pem) => toCertificate(new X509Certificate(pem), "configuration"));
}

function toConfiguredAuthorities(document: FoundDocument | undefined): readonly string[] {
  if (document === undefined || "unreadable" in document.content) return [];
  try {
    return decodeMachineConfiguration(document.content.text).authorities;
  } catch (error) {
    if (error instanceof ConfigurationError) return [];
    throw error;
  }
}

function toCertificate(
  certificate: X509Certificate,
  source: string,
): MessageInitShape<typeof CertificateSchema> {
  return {
    subject: certificate.subject.replaceAll("\n", ", "),
    fingerprint: toFingerprint(certificate.raw),
    notBefore: timestampFromDate(certificate.validFromDate),
    notAfter: timestampFromDate(certificate.validToDate),
    source,
  };
}

function toRevocationList(list: RevocationList): MessageInitShape<typeof RevocationListSchema> {
  return {
    revoked: list.serials.length,
    number: list.number?.toString() ?? "",
    thisUpdate: timestampFromDate(list.thisUpdate),
    ...(list.nextUpdate === undefined ? {} : { nextUpdate: timestampFromDate(list.nextUpdate) }),
  };
}
