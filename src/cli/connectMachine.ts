import { once } from "node:events";
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";

import { SocleError } from "#progress/socleError.ts";
import { parseFingerprint, toFingerprint } from "#trust/fingerprint.ts";

import type { MachineAccess } from "./callMachine.ts";

/** Another machine answers than the one that is known; nothing was sent to it. */
export class MachineIdentityError extends SocleError<"fingerprint-differs"> {
  override readonly name = "MachineIdentityError";
}

/**
 * Opens a connection to a machine and makes sure that it is the one that is meant, before a byte of a request is sent: by
 * the authority of its certificate and its name, or by the fingerprint of exactly this certificate, whoever signed it and
 * whatever its dates say.
 */
export async function connectMachine(access: MachineAccess, signal: AbortSignal): Promise<TLSSocket> {
  const { host, port, certPem, keyPem, fingerprint } = access;
  const wanted = fingerprint === undefined ? undefined : parseFingerprint(fingerprint);
  const socket = connect({
    host,
    port,
    cert: certPem,
    key: keyPem,
    minVersion: "TLSv1.3",
    ALPNProtocols: ["h2"],
    // Pinned: decided below, by the one property that counts.
    ...(wanted === undefined ? { ca: access.caPem ?? "" } : { rejectUnauthorized: false }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  try {
    await once(socket, "secureConnect", { signal });
    if (wanted !== undefined) verifyFingerprint(socket, wanted, access);
    return socket;
  } catch (error) {
    socket.on("error", () => {}); // of what is cut now, nobody wants to hear
    socket.destroy();
    throw error;
  }
}

function verifyFingerprint(socket: TLSSocket, wanted: string, { host, port }: MachineAccess): void {
  const found = toFingerprint(socket.getPeerCertificate().raw);
  if (found === wanted) return;
  throw new MachineIdentityError(
    "fingerprint-differs",
    `Refused to talk to "${host}:${port}": it is not the machine that is known here\n  found  ${found}\n  known  ${wanted}`,
    {
      hint: "Somebody may stand between you and it. If it was made anew, compare with its console, then:\nsocle context add --replace",
    },
  );
}

const WARN_BEFORE_MS = 3 * 86_400_000;

/** A sentence when a certificate ends soon; undefined when it does not, or has ended, which the machine says. */
export function warnOfExpiry(certPem: string, now: Date): string | undefined {
  const { validToDate } = new X509Certificate(certPem);
  const leftMs = validToDate.getTime() - now.getTime();
  if (leftMs <= 0 || leftMs > WARN_BEFORE_MS) return undefined;
  const hours = Math.floor(leftMs / 3_600_000);
  const left = hours >= 48 ? `${Math.floor(hours / 24)} days` : `${hours} h`;
  return `your certificate ends in ${left}: socle access renew makes another one`;
}
