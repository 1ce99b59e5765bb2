import { createConnection } from "node:net";
import { createInterface } from "node:readline";

/** Sends commands to QEMU's control socket, one after the other, and gives what the last one returned. QEMU Machine Protocol; subset: no events. */
export async function callQmp(socketPath: string, commands: readonly QmpCommand[]): Promise<unknown> {
  const socket = createConnection(socketPath);
  try {
    return await new Promise<unknown>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("QEMU closed its control socket")));
      const queue: QmpCommand[] = [{ execute: "qmp_capabilities" }, ...commands];
      const lines = createInterface({ input: socket });
      lines.once("error", reject); // readline says again what the socket said
      lines.on("line", (line) => {
        const message = JSON.parse(line) as {
          QMP?: unknown;
          return?: unknown;
          error?: { desc?: string };
          event?: string;
        }; // QEMU's own words
        if (message.error !== undefined)
          reject(new Error(`QEMU refused a command: ${message.error.desc ?? line}`));
        if (message.QMP === undefined && message.return === undefined) return;
        const next = queue.shift();
        if (next === undefined) resolve(message.return);
        else socket.write(`${JSON.stringify(next)}\n`);
      });
    });
  } finally {
    socket.destroy();
  }
}

export interface QmpCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}
