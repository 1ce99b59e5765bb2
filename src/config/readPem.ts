import type { CertificatePem, RevocationPem } from "./accessConfiguration.ts";
import { refuse, type Place } from "./documentReader.ts";
import { isAuthorityCertificate, isOneSequence } from "./isAuthorityCertificate.ts";

interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** Without "-" in the body, a block that has no end costs one look at it. */
const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]+)-----END \1-----/g;
const MOST_CHARACTERS = 65_536;

const CERTIFICATE_WANTED =
  'the certificate of one authority, in PEM: "-----BEGIN CERTIFICATE-----" and so on';
const REVOCATION_WANTED = 'lists of revoked certificates, in PEM: "-----BEGIN X509 CRL-----" and so on';

/** One certificate that may sign others. Written anew, so that what is rendered has one form. */
export function readAuthority(place: Place): CertificatePem | undefined {
  const blocks = findBlocks(place, CERTIFICATE_WANTED);
  if (blocks === undefined) return undefined;
  const [block, ...more] = blocks;
  const first = refuseAs(place);
  if (block?.label !== "CERTIFICATE") return first(CERTIFICATE_WANTED);
  if (more.length > 0) return first(CERTIFICATE_WANTED, "write each certificate as an item of its own");
  const isAuthority = isAuthorityCertificate(block.der);
  if (isAuthority === undefined) return first(CERTIFICATE_WANTED, "it is damaged");
  if (!isAuthority)
    return first(CERTIFICATE_WANTED, "this one is of a server or a client, and may sign no others");
  return encodePem("CERTIFICATE", block.der) as CertificatePem; // read above
}

/** Who signed them, and whether they are still good, is judged when they are used. */
export function readRevocations(place: Place): RevocationPem | undefined {
  const blocks = findBlocks(place, REVOCATION_WANTED);
  if (blocks === undefined) return undefined;
  const areLists = blocks.every(({ label, der }) => label === "X509 CRL" && isOneSequence(der));
  if (!areLists) return refuseAs(place)(REVOCATION_WANTED);
  return `${blocks.map(({ der }) => encodePem("X509 CRL", der)).join("")}` as RevocationPem; // read above
}

/** What was found is told by its first line: the rest says nothing to people, and may be a key. */
function refuseAs(place: Place) {
  const { value } = place;
  const shown = typeof value === "string" ? (value.trimStart().split("\n")[0] ?? "") : value;
  return (wanted: string, hint?: string) => refuse({ ...place, value: shown }, wanted, hint);
}

/** At least one block; undefined, and refused, when the value is no such text. */
function findBlocks(place: Place, wanted: string): PemBlock[] | undefined {
  const { value } = place;
  const refuseShown = refuseAs(place);
  if (typeof value !== "string") return refuseShown(wanted);
  if (value.length > MOST_CHARACTERS) return refuseShown(wanted, `at most ${MOST_CHARACTERS} characters`);
  if (/PRIVATE KEY-----/.test(value)) {
    return refuseShown(wanted, "there is a private key in it: keep it to yourself, and make a new one");
  }
  const blocks = [...value.matchAll(PEM_BLOCK)].map(([, label = "", body = ""]) => ({
    label,
    der: Buffer.from(body, "base64"),
  }));
  return blocks.length > 0 ? blocks : refuseShown(wanted);
}

function encodePem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
