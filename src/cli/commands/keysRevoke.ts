import { findKey, type FoundKey } from "#trust/changeKeySet.ts";
import { isTufRole } from "#trust/keySet.ts";
import { revoke } from "#system/changeKeys.ts";
import type { CommandContext } from "../commandContext.ts";
import { confirm } from "../confirm.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import type { KeysRevokeOptions } from "../keyOptions.ts";
import { toMarks } from "../marks.ts";
import { openKeys } from "../openKeys.ts";

/** Takes a key out of use for good. */
export async function keysRevoke(
  { id }: { readonly id: string },
  options: KeysRevokeOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { folder, keySet } = await openKeys(options, context);
  const found = findKey(keySet, id);
  if (!(await confirm(renderPlan(found), options, context))) {
    context.stderr("Nothing was changed.\n");
    return EXIT_CODE.failed;
  }
  const { role, key } = await revoke(folder, found.key.id, { now: new Date(), keysAt: options.keyFolder });
  context.stdout(
    context.isQuiet
      ? `${key.id}\n`
      : `${toMarks(process.env).ok} ${role} ${key.id.slice(0, 12)} is revoked\n`,
  );
  return EXIT_CODE.ok;
}

function renderPlan({ role, key }: FoundKey): string {
  return [
    `Plan: revoke ${role} ${key.id.slice(0, 12)} (${key.state}), for good`,
    `  ${consequence(role)}`,
    "",
  ].join("\n");
}

function consequence(role: FoundKey["role"]): string {
  if (isTufRole(role))
    return "clients refuse what it signs as soon as they have the next root metadata: publish again";
  switch (role) {
    case "db":
      return "its certificate goes to dbx.esl: a machine that gets that refuses every release that this key signed";
    case "PK":
    case "KEK":
      return "its certificate is not exported any more; machines that have it enrolled keep it until you take it out";
    default:
      return "the next releases do not know it; those that are out do";
  }
}
