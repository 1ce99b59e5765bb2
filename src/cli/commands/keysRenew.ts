import { renewRootMetadata } from "#system/changeKeys.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import type { OfflineKeysOption } from "../keyOptions.ts";
import { toMarks } from "../marks.ts";
import { openKeys } from "../openKeys.ts";

/** Signs the next root metadata with the same keys, so that they expire later. */
export async function keysRenew(
  options: OfflineKeysOption,
  _options: object,
  context: CommandContext,
): Promise<ExitCode> {
  const { folder } = await openKeys(options, context);
  const { rootVersion, expiryDays } = await renewRootMetadata(folder, {
    now: new Date(),
    keysAt: options.keyFolder,
  });
  context.stdout(
    context.isQuiet
      ? `${rootVersion}\n`
      : `${toMarks(process.env).ok} root metadata ${rootVersion}, good for ${expiryDays.root} days; publish again\n`,
  );
  return EXIT_CODE.ok;
}
