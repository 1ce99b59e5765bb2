import { InvalidArgumentError } from "@commander-js/extra-typings";
import { isTufRole, KEY_ROLE_NAMES, type KeyRole } from "#trust/keySet.ts";
import { parseCommandWords } from "./parseCommandWords.ts";

/** `threshold` of `count` keys must sign. */
export interface KeyCountOption {
  readonly threshold: number;
  readonly count: number;
}

export interface KeysInitOptions {
  readonly name: string;
  readonly role: readonly { readonly role: KeyRole; readonly count: KeyCountOption }[];
  /** A folder for the private keys of root, PK and KEK. */
  readonly offline?: string;
  readonly passphrase?: true;
  readonly signer: readonly RoleCommand[];
  readonly publicKey: readonly RoleFile[];
  readonly certificate: readonly RoleFile[];
}

export interface RoleCommand {
  readonly role: KeyRole;
  readonly argv: readonly string[];
}

export interface RoleFile {
  readonly role: KeyRole;
  readonly file: string;
}

export interface KeyFolderOption {
  readonly keys?: string;
}

/** Where private keys are that are kept offline. */
export interface OfflineKeysOption extends KeyFolderOption {
  readonly keyFolder?: string;
}

export interface KeysRotateOptions extends OfflineKeysOption {
  readonly threshold?: KeyCountOption;
  readonly replace?: string;
  readonly passphrase?: true;
  readonly signer: readonly (readonly string[])[];
  readonly publicKey: readonly string[];
  readonly certificate: readonly string[];
}

export interface KeysRevokeOptions extends OfflineKeysOption {
  readonly yes?: true;
}

export interface KeysExportOptions extends KeyFolderOption {
  readonly output: string;
}

/** `2/3`: two of three keys must sign. */
export function parseKeyCount(text: string): KeyCountOption {
  const [, threshold, count] = /^(\d{1,2})\/(\d{1,2})$/.exec(text) ?? [];
  const parsed = { threshold: Number(threshold), count: Number(count) };
  if (!(parsed.threshold >= 1 && parsed.threshold <= parsed.count))
    throw new InvalidArgumentError("write M/N, such as 2/3: two of three keys must sign");
  return parsed;
}

/** `root=2/3`; the option may be repeated. */
export function parseRoleCount(text: string, previous: KeysInitOptions["role"]): KeysInitOptions["role"] {
  const { role, rest } = splitRole(text);
  const count = parseKeyCount(rest);
  if (count.count > 1 && !isTufRole(role))
    throw new InvalidArgumentError(`${role} has one key: firmware and kernel take one signature`);
  if (previous.some((other) => other.role === role))
    throw new InvalidArgumentError(`${role} was named before`);
  return [...previous, { role, count }];
}

/** `root=COMMAND …`; the option may be repeated. */
export function parseRoleCommand(text: string, previous: readonly RoleCommand[]): readonly RoleCommand[] {
  const { role, rest } = splitRole(text);
  return [...previous, { role, argv: parseCommandWords(rest) }];
}

/** `root=FILE`; the option may be repeated. */
export function parseRoleFile(text: string, previous: readonly RoleFile[]): readonly RoleFile[] {
  const { role, rest } = splitRole(text);
  return [...previous, { role, file: rest }];
}

function splitRole(text: string): { role: KeyRole; rest: string } {
  const [, name, rest = ""] = /^(\w+)=([^]+)$/.exec(text) ?? [];
  const role = KEY_ROLE_NAMES.find((known) => known === name);
  if (role === undefined)
    throw new InvalidArgumentError(`write ROLE=…, with a role of: ${KEY_ROLE_NAMES.join(", ")}`);
  return { role, rest };
}

/** A role comes after it in a certificate's common name, which has room for 64 characters (RFC 5280, A.1). */
export function parseName(text: string): string {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,49}$/u.test(text))
    throw new InvalidArgumentError("write 1 to 50 letters, digits, blanks, dots or dashes");
  return text;
}
