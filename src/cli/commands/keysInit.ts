import { relative, resolve } from "node:path";
import { createKeyFolder, OFFLINE_ROLES, type KeyCount } from "#system/createKeyFolder.ts";
import type { ExternalKey } from "#system/makeKey.ts";
import { chooseNewPassphrase } from "#system/passphrase.ts";
import { KeyError } from "#trust/keyError.ts";
import { KEY_ROLE_NAMES, type KeyRole } from "#trust/keySet.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import type { KeysInitOptions } from "../keyOptions.ts";
import { toMarks } from "../marks.ts";
import { readExternalKeys } from "../readExternalKeys.ts";

/** Makes the keys of a project. */
export async function keysInit(
  { folder }: { readonly folder: string },
  options: KeysInitOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const path = resolve(folder);
  const offline = options.offline === undefined ? undefined : resolve(options.offline);
  const counts: Partial<Record<KeyRole, KeyCount>> = Object.fromEntries(
    options.role.map(({ role, count }) => [role, count]),
  );
  const external = await readExternal(options, counts);
  const passphrase = options.passphrase === true ? await chooseNewPassphrase(path) : undefined;
  await createKeyFolder(path, {
    name: options.name,
    development: false,
    now: new Date(),
    counts,
    external,
    offline,
    passphrase,
  });
  context.stdout(context.isQuiet ? `${path}\n` : renderSummary(path, offline));
  return EXIT_CODE.ok;
}

async function readExternal(
  { signer, publicKey, certificate }: KeysInitOptions,
  counts: Partial<Record<KeyRole, KeyCount>>,
): Promise<Partial<Record<KeyRole, ExternalKey[]>>> {
  const external: Partial<Record<KeyRole, ExternalKey[]>> = {};
  for (const role of KEY_ROLE_NAMES) {
    const signers = signer.filter((entry) => entry.role === role).map(({ argv }) => argv);
    const filesOf = (files: KeysInitOptions["publicKey"]) =>
      files.filter((entry) => entry.role === role).map(({ file }) => file);
    const count = counts[role]?.count ?? 1;
    if (signers.length > count) {
      throw new KeyError(
        "signer-unclear",
        `Cannot take ${signers.length} signers for ${role}: it has ${count} keys`,
        {
          hint: `Say how many of them must sign, such as --role ${role}=1/${signers.length}`,
        },
      );
    }
    external[role] = await readExternalKeys(role, {
      signers,
      publicKeys: filesOf(publicKey),
      certificates: filesOf(certificate),
    });
  }
  return external;
}

function renderSummary(path: string, offline: string | undefined): string {
  const shown = relative(process.cwd(), path) || ".";
  return [
    `${toMarks(process.env).ok} keys are in ${shown}`,
    "",
    `  public    ${shown}/keys.json and ${shown}/root: keep them in your repository`,
    `  private   ${shown}/private: never commit, back up`,
    ...(offline === undefined
      ? []
      : [`  offline   ${OFFLINE_ROLES.join(", ")} in ${offline}: take it away, and keep two copies`]),
    `  Look      socle keys list --keys ${shown}`,
    "",
  ].join("\n");
}
