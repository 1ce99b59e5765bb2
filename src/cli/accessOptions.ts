import { join, resolve } from "node:path";

import { configurationFolder } from "#system/contextFile.ts";
import type { Role } from "#protocol/methodRoles.ts";

export interface AccessFolderOption {
  /** The folder of the authority. */
  readonly access?: string;
}

export interface AccessInitOptions extends AccessFolderOption {
  readonly name: string;
}

export interface AccessRenewOptions extends AccessFolderOption {
  /** Milliseconds. */
  readonly for: number;
  readonly out?: string;
  readonly context: readonly string[];
}

export interface AccessGrantOptions extends AccessRenewOptions {
  readonly role: Role;
}

export interface AccessRevokeOptions extends AccessFolderOption {
  readonly yes?: true;
}

export interface AccessRotateOptions extends AccessRevokeOptions {
  readonly finish?: true;
}

export function toAccessFolder({ access }: AccessFolderOption): string {
  return access === undefined ? join(configurationFolder(process.env), "access") : resolve(access);
}
