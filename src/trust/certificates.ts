/**
 * The certificates of the API: an authority per fleet (here: per development machine), a server
 * certificate per machine, a client certificate per caller with its role in the subject. X.509 v3,
 * RFC 5280; ECDSA P-256 with SHA-256 throughout. Not here: requests (CSR), intermediates; revocation is in
 * createRevocationList.ts.
 */
// First: @peculiar/x509 uses decorators that need its globals.
import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export const SIGNING_ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The clock of a machine that was just switched on may be behind. */
const BACKDATED_MS = HOUR_MS;

x509.cryptoProvider.set(crypto);

export interface Validity {
  readonly now: Date;
  /** Valid from one hour before `now` until this many days after it. */
  readonly days: number;
}

/** Both PEM; the key is PKCS #8. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Able to sign: holds the authority's private key. */
export interface CertificateAuthority {
  /** PEM. */
  readonly cert: string;
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

export async function createCertificateAuthority(
  name: string,
  validity: Validity,
): Promise<CertificateAuthority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: toSubject({ name }),
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    ...toPeriod(validity),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: toPem(certificate), certificate, keys };
}

/** As it is kept: certificate and private key. */
export async function exportCertificateAuthority({
  cert,
  keys,
}: CertificateAuthority): Promise<KeyedCertificate> {
  return { cert, key: await exportKey(keys.privateKey) };
}

/** The authority that was kept. */
export async function openCertificateAuthority({
  cert,
  key,
}: KeyedCertificate): Promise<CertificateAuthority> {
  const certificate = new x509.X509Certificate(cert);
  const pkcs8 = x509.PemConverter.decodeFirst(key);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, SIGNING_ALGORITHM, true, ["sign"]);
  return { cert, certificate, keys: { privateKey, publicKey: await certificate.publicKey.export() } };
}

/** @param hosts DNS names and IP addresses under which callers reach the machine */
export function issueServerCertificate(
  authority: CertificateAuthority,
  { name, hosts, ...validity }: Validity & { readonly name: string; readonly hosts: readonly string[] },
): Promise<KeyedCertificate> {
  const alternatives = [...new Set(hosts)].map((host): { type: "ip" | "dns"; value: string } => ({
    type: isIpAddress(host) ? "ip" : "dns",
    value: host,
  }));
  return issue(authority, validity, toSubject({ name }), [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(alternatives),
  ]);
}

/** A server certificate that its own key signs: callers know it by its fingerprint, whatever its dates and its name say. */
export async function createOwnCertificate({
  name,
  ...validity
}: Validity & { readonly name: string }): Promise<KeyedCertificate> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: toSubject({ name }),
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    ...toPeriod(validity),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
    ],
  });
  return { cert: toPem(certificate), key: await exportKey(keys.privateKey) };
}

/** The role goes into the organisation (O), the name of the caller into the common name (CN). */
export function issueClientCertificate(
  authority: CertificateAuthority,
  { name, role, ...validity }: Validity & { readonly name: string; readonly role: string },
): Promise<KeyedCertificate> {
  return issue(authority, validity, toSubject({ name, role }), [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
  ]);
}

/** Everything one machine and one developer need to talk. */
export interface DevelopmentAccess {
  /** PEM of the authority that both sides trust. */
  readonly ca: string;
  readonly server: KeyedCertificate;
  readonly client: KeyedCertificate;
}

/** The authority's key is given to nobody, so nobody else can ever be let in. */
export async function createDevelopmentAccess({
  name,
  ...validity
}: Validity & { readonly name: string }): Promise<DevelopmentAccess> {
  const authority = await createCertificateAuthority(`${name} development authority`, validity);
  const [server, client] = await Promise.all([
    issueServerCertificate(authority, { name, hosts: ["localhost", "127.0.0.1", name], ...validity }),
    issueClientCertificate(authority, { name: "developer", role: "admin", ...validity }),
  ]);
  return { ca: authority.cert, server, client };
}

async function issue(
  authority: CertificateAuthority,
  validity: Validity,
  subject: x509.Name,
  extensions: readonly x509.Extension[],
): Promise<KeyedCertificate> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: authority.certificate.subjectName,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: SIGNING_ALGORITHM,
    ...toPeriod(validity),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
      ...extensions,
    ],
  });
  return { cert: toPem(certificate), key: await exportKey(keys.privateKey) };
}

/** PEM, PKCS #8. */
async function exportKey(privateKey: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", privateKey);
  return `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`;
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(SIGNING_ALGORITHM, true, ["sign", "verify"]);
}

/** No DNS name holds a colon or ends in a number. */
function isIpAddress(host: string): boolean {
  return host.includes(":") || /\.\d+$/.test(host);
}

function toSubject({ name, role }: { readonly name: string; readonly role?: string }): x509.Name {
  // As values, not as text: a comma or an equals sign in a name must not become another attribute.
  return new x509.Name([...(role === undefined ? [] : [{ O: [role] }]), { CN: [name] }]);
}

function toPeriod({ now, days }: Validity): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() + days * DAY_MS),
  };
}

function toPem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}
