import { decodeBootEntryName } from "#boot/bootCounter.ts";

import { runCommand } from "../runCommand.ts";
import { readLoaderVariable } from "./loaderVariable.ts";
import { UpdaterMachineError } from "./updaterMachineError.ts";

export interface RunningSystem {
  readonly version: string;
  readonly rootHash: string;
}

/**
 * What this boot runs. The version is that of the kernel image that was started, by the name it had then; a
 * machine that was started without one runs what its root says.
 * @param mapping of the verified root
 */
export async function readRunning(mapping: string, imageVersion: string): Promise<RunningSystem> {
  const version = toStartedVersion(await readLoaderVariable("StubImageIdentifier")) ?? imageVersion;
  const { stdout } = await runCommand(["veritysetup", "status", mapping]);
  const rootHash = findRootHash(stdout);
  if (rootHash === undefined)
    throw new UpdaterMachineError(
      "running-unknown",
      `Cannot tell what runs: the device "${mapping}" of the root has no root hash`,
    );
  return { version, rootHash };
}

/** `\EFI\Linux\minimal_1.0.0+2-1.efi`; undefined for a kernel image that is not named like ours. */
export function toStartedVersion(path: string | undefined): string | undefined {
  const fileName = path?.split("\\").at(-1)?.split("/").at(-1);
  return fileName === undefined ? undefined : decodeBootEntryName(fileName)?.version;
}

/** `veritysetup status`, which asks the kernel for the device's table. */
export function findRootHash(status: string): string | undefined {
  return /^\s+root hash:\s*([0-9a-f]{64})\s*$/m.exec(status)?.[1];
}
