import {
  createAccessFolder,
  finishAuthorityRotation,
  readAccessFolder,
  rotateAuthority,
} from "#system/accessFolder.ts";
import { findActiveAuthority, listLeftBehind } from "#trust/accessSet.ts";

import { toAccessFolder, type AccessInitOptions, type AccessRotateOptions } from "../accessOptions.ts";
import type { CommandContext } from "../commandContext.ts";
import { confirm } from "../confirm.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toMarks } from "../marks.ts";

const AUTHORITY_NAME = "Socle access";

/** Makes the authority that signs people. */
export async function accessInit(options: AccessInitOptions, context: CommandContext): Promise<ExitCode> {
  const folder = toAccessFolder(options);
  await createAccessFolder(folder, { name: options.name, now: new Date() });
  context.stdout(
    context.isQuiet
      ? `${folder}\n`
      : [
          `${toMarks(process.env).ok} the authority is in ${folder}`,
          "",
          "  private   its key signs who may do anything: back it up, give it to nobody, take it to no machine",
          "  People    socle access grant NAME --role admin",
          "  Machines  socle access show: into their configuration",
          "",
        ].join("\n"),
  );
  return EXIT_CODE.ok;
}

/** Makes a new authority beside the one that there is; or takes the old one away. */
export async function accessRotate(options: AccessRotateOptions, context: CommandContext): Promise<ExitCode> {
  const folder = toAccessFolder(options);
  const now = new Date();
  if (options.finish === true) return finish(folder, now, options, context);
  const set = await rotateAuthority(folder, { name: AUTHORITY_NAME, now });
  const { id } = findActiveAuthority(set);
  context.stdout(
    context.isQuiet
      ? `${id}\n`
      : [
          `${toMarks(process.env).ok} authority ${id} signs from now on; the one before is still trusted`,
          "",
          "  1  Machines  socle access show: into the configuration of every one",
          "  2  People    socle access renew NAME, for each of: socle access list",
          "  3  Then      socle access rotate --finish, and the configuration once more",
          "",
        ].join("\n"),
  );
  return EXIT_CODE.ok;
}

async function finish(
  folder: string,
  now: Date,
  options: AccessRotateOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const left = listLeftBehind(await readAccessFolder(folder), now);
  const plan = [
    "Plan: take the old authority away, with its key, for good",
    left.length === 0
      ? "  everybody with access has a certificate of the new one"
      : `  no access any more, unless renewed before: ${left.map(({ name, role }) => `${name} (${role})`).join(", ")}`,
    "",
  ].join("\n");
  if (!(await confirm(plan, options, context))) {
    context.stderr("Nothing was changed.\n");
    return EXIT_CODE.failed;
  }
  const { id } = findActiveAuthority(await finishAuthorityRotation(folder, now));
  context.stdout(
    context.isQuiet
      ? `${id}\n`
      : [
          `${toMarks(process.env).ok} authority ${id} is the only one`,
          "  Next   socle access show: into the configuration of every machine",
          "",
        ].join("\n"),
  );
  return EXIT_CODE.ok;
}
