import { once } from "node:events";
import { isIP } from "node:net";
import { connect } from "node:tls";

import { toFingerprint } from "#trust/fingerprint.ts";

import { MachineCallError, type MachineAccess } from "./callMachine.ts";

/** The fingerprint of whatever machine answers there; nothing is sent to it. For a person to compare. */
export async function readFingerprint(
  { host, port }: Pick<MachineAccess, "host" | "port">,
  signal: AbortSignal,
): Promise<string> {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({
    host,
    port,
    minVersion: "TLSv1.3",
    ALPNProtocols: ["h2"],
    rejectUnauthorized: false,
    ...servername,
  });
  socket.on("error", () => {}); // a machine refuses who shows no certificate, after it has shown its own
  try {
    await once(socket, "secureConnect", { signal });
    return toFingerprint(socket.getPeerCertificate().raw);
  } catch (cause) {
    throw new MachineCallError(
      "unreachable",
      `Cannot reach "${host}:${port}": ${cause instanceof Error ? cause.message : ""}`,
      {
        hint: "Is the machine running, and is its agent up? A connection is refused until it is.",
        cause,
      },
    );
  } finally {
    socket.destroy();
  }
}
