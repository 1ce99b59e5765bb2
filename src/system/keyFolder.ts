import { basename, dirname, join, resolve } from "node:path";
import { KeyError } from "#trust/keyError.ts";
import { activeKeys, type CertifiedRole, type KeyRecord, type KeyRole, type KeySet } from "#trust/keySet.ts";
import { parseKeySet } from "#trust/parseKeySet.ts";
import { parsePublicKey } from "#trust/publicKeys.ts";
import { decodeCertificate } from "#trust/secureBootCertificate.ts";
import type { CertifiedSigner, Signer } from "#trust/signer.ts";
import { verifyRootChain, verifyRootNames } from "#trust/tufRoot.ts";
import { createCommandSigner } from "./commandSigner.ts";
import { ensureKeyFolder } from "./createKeyFolder.ts";
import { exists, readIfPresent } from "./files.ts";
import { openFileSigner } from "./fileSigner.ts";
import { createPassphraseReader, type ReadPassphrase } from "./passphrase.ts";
import { keySetFile, rootMetadataFile } from "./storeKeys.ts";
import type { Workspace } from "./workspace.ts";

/** The keys of a project, as far as everybody may know them, and how to get at their private halves. */
export interface KeyFolder {
  readonly folder: string;
  readonly keySet: KeySet;
  /** Every version of the TUF root metadata from 1 to `keySet.rootVersion`, verified: the texts of the files. */
  readonly rootMetadata: readonly string[];
  readonly readPassphrase: ReadPassphrase;
}

export async function openKeyFolder(
  folder: string,
  readPassphrase: ReadPassphrase = createPassphraseReader(),
): Promise<KeyFolder> {
  const file = keySetFile(folder);
  const text = await readIfPresent(file);
  if (text === undefined) {
    throw new KeyError("keys-missing", `There are no keys in "${folder}": it has no keys.json`, {
      hint: `Make them: socle keys init "${folder}"`,
    });
  }
  const keySet = parseKeySet(text, file);
  // A version after the one that keys.json names is what an interrupted rotation left.
  const rootMetadata: string[] = [];
  for (let version = 1; version <= keySet.rootVersion; version += 1) {
    const root = await readIfPresent(rootMetadataFile(folder, version));
    if (root === undefined) {
      const missing = rootMetadataFile(folder, version);
      throw new KeyError(
        "root-metadata-malformed",
        `Cannot trust the keys in "${folder}": "${missing}" is missing`,
      );
    }
    rootMetadata.push(root);
  }
  verifyRootNames(keySet, verifyRootChain(rootMetadata));
  return { folder, keySet, rootMetadata, readPassphrase };
}

export interface SignerOptions {
  /** Where private keys are looked for first, by the name of their file: a medium may be elsewhere today. */
  readonly keysAt?: string | undefined;
  /** Taken only when there are not enough others. */
  readonly last?: readonly KeyRecord[];
  /** Never taken. */
  readonly without?: KeyRecord;
}

/** As many of the role's active keys as must sign. One that is not there is no error while enough others are. */
export async function openSigners(
  { folder, keySet, readPassphrase }: Pick<KeyFolder, "folder" | "keySet" | "readPassphrase">,
  role: KeyRole,
  { keysAt, last = [], without }: SignerOptions = {},
): Promise<Signer[]> {
  const { threshold } = keySet.roles[role];
  const usable = activeKeys(keySet, role).filter(({ id }) => id !== without?.id);
  const isLast = ({ id }: KeyRecord) => last.some((key) => key.id === id);
  const inOrder = [...usable.filter((key) => !isLast(key)), ...usable.filter(isLast)];
  const spare = inOrder.length - threshold;
  const absent: KeyError[] = [];
  const signers: Signer[] = [];
  for (const key of inOrder) {
    if (signers.length === threshold) break;
    try {
      const signer = await openSigner(folder, key, readPassphrase, keysAt);
      // A token shows only by signing that it is there. Where it must be there, the real signature will tell.
      if (spare > 0 && key.signer.kind === "command")
        await signer.sign(Buffer.from("socle keys: is it there?\n"));
      signers.push(signer);
    } catch (error) {
      if (!(error instanceof KeyError && (error.code === "key-missing" || error.code === "signer-failed")))
        throw error;
      absent.push(error);
      if (absent.length > spare) throw error;
    }
  }
  return signers;
}

export async function openCertifiedSigner(
  keys: Pick<KeyFolder, "folder" | "keySet" | "readPassphrase">,
  role: CertifiedRole,
): Promise<CertifiedSigner> {
  const [key] = activeKeys(keys.keySet, role);
  const [signer] = await openSigners(keys, role);
  if (signer === undefined || key?.certificate === undefined)
    throw new KeyError("key-missing", `Cannot sign: there is no active key for ${role}`);
  return { ...signer, certificate: decodeCertificate(key.certificate).der };
}

async function openSigner(
  folder: string,
  { signer, publicKey }: KeyRecord,
  readPassphrase: ReadPassphrase,
  keysAt: string | undefined,
): Promise<Signer> {
  const key = parsePublicKey(publicKey);
  if (signer.kind === "command") return createCommandSigner(signer.argv, key);
  return openFileSigner(await findKeyFile(folder, signer.path, keysAt), key, readPassphrase);
}

/** Where a private key is: in the folder that was named, if it is there; else where keys.json says. */
export async function findKeyFile(folder: string, path: string, keysAt: string | undefined): Promise<string> {
  const elsewhere = keysAt === undefined ? undefined : join(resolve(keysAt), basename(path));
  return elsewhere !== undefined && (await exists(elsewhere)) ? elsewhere : resolve(folder, path);
}

/**
 * The folder that was named; else `keys` beside the definition, when it has keys; else the
 * development set of the workspace, which may have to be made yet.
 */
export async function findKeyFolder({
  option,
  definitionFile,
  workspace,
}: {
  readonly option: string | undefined;
  readonly definitionFile: string | undefined;
  readonly workspace: Pick<Workspace, "keys">;
}): Promise<{ folder: string; development: boolean }> {
  if (option !== undefined) return { folder: resolve(option), development: false };
  const beside = join(
    definitionFile === undefined ? process.cwd() : dirname(resolve(definitionFile)),
    "keys",
  );
  if (await exists(keySetFile(beside))) return { folder: beside, development: false };
  return { folder: join(workspace.keys, "development"), development: true };
}

/**
 * Keys for trying things out, unless they are there already.
 * @returns whether they were made
 */
export async function ensureDevelopmentKeys(folder: string): Promise<boolean> {
  return ensureKeyFolder(folder, { name: "Socle development", development: true, now: new Date() });
}
