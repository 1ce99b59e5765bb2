import { openNewFile } from "#system/openNewFile.ts";

import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { renderResult } from "../renderResult.ts";
import { callMachine, type MachineClients } from "../callMachine.ts";
import type { NamedMachine } from "../update/updateMachine.ts";

export type OpenContent = (
  clients: MachineClients,
  options: { readonly signal?: AbortSignal },
) => AsyncIterable<{ readonly content: Uint8Array }>;

/** A file that is there already is not written over; one that does not become whole is taken away again. */
export async function saveStream(
  machine: NamedMachine,
  { kind, purpose, file, open }: { kind: string; purpose: string; file: string; open: OpenContent },
  context: Pick<CommandContext, "stdout" | "signal" | "output" | "isQuiet">,
): Promise<ExitCode> {
  const { signal } = context;
  const written = await openNewFile(file);
  let sizeBytes = 0;
  try {
    await callMachine(machine, { purpose, signal }, async (clients, options) => {
      for await (const { content } of open(clients, options)) {
        await written.write(content);
        sizeBytes += content.length;
      }
    });
    await written.keep();
  } catch (error) {
    await written.discard();
    throw error;
  }
  const document = { apiVersion: "socle/v1", kind, machine: machine.name, file, sizeBytes };
  const render = () => (context.isQuiet ? `${file}\n` : `${file}  ${formatBytes(sizeBytes)}\n`);
  context.stdout(await renderResult(document, context.output, render));
  return EXIT_CODE.ok;
}
