import { rotateRole, type Rotated } from "#system/changeKeys.ts";
import { chooseNewPassphrase } from "#system/passphrase.ts";
import { isCertifiedRole, isTufRole, type KeyRole } from "#trust/keySet.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import type { KeysRotateOptions } from "../keyOptions.ts";
import { toMarks } from "../marks.ts";
import { openKeys } from "../openKeys.ts";
import { readExternalKeys } from "../readExternalKeys.ts";

/** Gives a role new keys; the old ones sign no more. */
export async function keysRotate(
  { role }: { readonly role: KeyRole },
  options: KeysRotateOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { folder } = await openKeys(options, context);
  const external = await readExternalKeys(role, {
    signers: options.signer,
    publicKeys: options.publicKey,
    certificates: options.certificate,
  });
  const rotated = await rotateRole(folder, role, {
    now: new Date(),
    count: options.threshold,
    replace: options.replace,
    passphrase: options.passphrase,
    external,
    keysAt: options.keyFolder,
    choosePassphrase: chooseNewPassphrase,
  });
  context.stdout(
    context.isQuiet ? rotated.fresh.map(({ id }) => `${id}\n`).join("") : renderRotated(role, rotated),
  );
  return EXIT_CODE.ok;
}

function renderRotated(role: KeyRole, { keySet, fresh, retired }: Rotated): string {
  const ids = (keys: Rotated["fresh"]) => keys.map(({ id }) => id.slice(0, 12)).join(", ");
  return [
    `${toMarks(process.env).ok} ${role}: ${ids(fresh)} instead of ${ids(retired)}`,
    "",
    ...nextSteps(role, keySet.rootVersion),
    "",
  ].join("\n");
}

function nextSteps(role: KeyRole, rootVersion: number): string[] {
  if (isTufRole(role))
    return [`  Next   publish again: clients take root metadata ${rootVersion} from the repository`];
  if (role === "PK" || role === "KEK" || role === "db")
    return [
      "  Next   enrol the new certificate on your machines BEFORE they get what it signs:",
      "         socle keys export writes it for the firmware",
    ];
  return isCertifiedRole(role)
    ? ["  Next   build and roll out a release: images know the keys of extensions"]
    : ["  Next   tell whoever verifies provenance: socle keys export"];
}
