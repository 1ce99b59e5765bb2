import { createConnection } from "node:net";

/**
 * What the agent may know but not find out, because finding out takes rights that would make it as good as the kernel. For
 * each who connects systemd starts a program with just those rights (image/lookFiles.ts), which is asked nothing and says one thing.
 */
export const LOOKS = {
  /** `veritysetup status root`. */
  verityStatus: "/run/socle/verity-status.sock",
  /** Lines `/proc/PID/fd/NUMBER socket:[INODE]`, one for each socket that a process holds. */
  socketHolders: "/run/socle/socket-holders.sock",
} as const;

const TIMEOUT_MS = 10_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** Where the machine has no such socket, or we may not use it. */
const NOT_OFFERED = new Set(["ENOENT", "ECONNREFUSED", "EACCES"]);

/** All that it says; undefined where nobody offers it. */
export async function readPrivilegedLook(path: string): Promise<string | undefined> {
  const socket = createConnection(path).setEncoding("utf8");
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const stop = () => socket.destroy(signal.reason as Error); // AbortSignal.timeout has a DOMException
  signal.addEventListener("abort", stop, { once: true });
  let said = "";
  try {
    for await (const text of socket as AsyncIterable<string>) {
      said += text;
      if (said.length > MOST_CHARACTERS) throw new Error(`what "${path}" says does not end`);
    }
    return said;
  } catch (error) {
    if (NOT_OFFERED.has(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}
