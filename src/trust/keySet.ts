/** The keys of one project: who may vouch for what. `keys.json`, which holds nothing secret. */
export interface KeySet {
  /** Made by itself on first use, to try things out; a release signed with it says so. */
  readonly development: boolean;
  /** The newest TUF root metadata. A file of a later version is what an interrupted rotation left, and is not read. */
  readonly rootVersion: number;
  /** How long TUF metadata are good for from when they are signed; `targets` also for the channels. */
  readonly expiryDays: Readonly<Record<TufRole, number>>;
  readonly roles: Readonly<Record<KeyRole, RoleKeys>>;
}

/** What each key is for. One table; commands, docs and tests read it. */
export const KEY_ROLES = {
  root: { algorithm: "ed25519", what: "TUF root: says which keys the other TUF roles have; kept offline" },
  targets: { algorithm: "ed25519", what: "TUF targets and channels: says which files a release has" },
  snapshot: { algorithm: "ed25519", what: "TUF snapshot: says which metadata belong together" },
  timestamp: { algorithm: "ed25519", what: "TUF timestamp: says what is newest" },
  PK: { algorithm: "rsa-2048", what: "Secure Boot platform key: owns a machine's firmware; kept offline" },
  KEK: { algorithm: "rsa-2048", what: "Secure Boot key exchange key: may change db and dbx; kept offline" },
  db: {
    algorithm: "rsa-2048",
    what: "Secure Boot signature database: signs boot loader, kernel images, root hashes and execution policies",
  },
  extension: { algorithm: "rsa-2048", what: "signs system extensions" },
  provenance: { algorithm: "ed25519", what: "signs how a release was built" },
} as const satisfies Record<string, { algorithm: KeyAlgorithm; what: string }>;

/** Of keys that are made here; a key that an external signer brings may be another that its role allows. */
export type KeyAlgorithm = "ed25519" | "rsa-2048";
export type KeyRole = keyof typeof KEY_ROLES;

/** In the order of the table. */
export const KEY_ROLE_NAMES = Object.keys(KEY_ROLES) as readonly KeyRole[]; // an object's keys are these strings

/** The roles that root metadata name. */
export const TUF_ROLES = ["root", "targets", "snapshot", "timestamp"] as const satisfies readonly KeyRole[];
export type TufRole = (typeof TUF_ROLES)[number];

/** The roles whose keys firmware and kernel know by an X.509 certificate. */
export const CERTIFIED_ROLES = ["PK", "KEK", "db", "extension"] as const satisfies readonly KeyRole[];
export type CertifiedRole = (typeof CERTIFIED_ROLES)[number];

export const DEFAULT_EXPIRY_DAYS: KeySet["expiryDays"] = {
  root: 365,
  targets: 90,
  snapshot: 30,
  timestamp: 7,
};

export function isTufRole(role: KeyRole): role is TufRole {
  return TUF_ROLES.some((name) => name === role);
}

export function isCertifiedRole(role: KeyRole): role is CertifiedRole {
  return CERTIFIED_ROLES.some((name) => name === role);
}

/** Those that sign now. */
export function activeKeys(keySet: KeySet, role: KeyRole): readonly KeyRecord[] {
  return keySet.roles[role].keys.filter(({ state }) => state === "active");
}

export interface RoleKeys {
  /** How many of the active keys must sign. More than one for TUF roles only. */
  readonly threshold: number;
  readonly keys: readonly KeyRecord[];
}

export interface KeyRecord {
  /** SHA-256 of the public key (SubjectPublicKeyInfo, DER), lower-case hex. */
  readonly id: string;
  /** `retired`: no longer signs, what it signed is still good. `revoked`: what it signed is refused. */
  readonly state: "active" | "retired" | "revoked";
  /** PEM, SubjectPublicKeyInfo. */
  readonly publicKey: string;
  /** PEM, X.509; for Secure Boot and extension keys. */
  readonly certificate?: string;
  readonly signer: SignerReference;
}

/** Where the private key is. */
export type SignerReference =
  /** PKCS #8 PEM, perhaps encrypted; relative to the folder of keys.json, or absolute. */
  | { readonly kind: "file"; readonly path: string }
  /** Gets the data on standard input and writes the signature, raw bytes as in `Signer.sign`, to standard output. */
  | { readonly kind: "command"; readonly argv: readonly string[] };
