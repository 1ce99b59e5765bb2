import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect } from "node:tls";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Http2SessionManager, createConnectTransport } from "@connectrpc/connect-node";
import { stringify } from "yaml";
import { SocleError } from "#progress/socleError.ts";
import { MachineService, type GetStatusResponse } from "#protocol/gen/socle/v1/machine_pb.ts";

import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { createPaint } from "../paint.ts";
import { renderStatus } from "../renderStatus.ts";
import { toStatusDocument } from "../statusDocument.ts";

/** Where a machine answers, and who asks. All PEM. */
export interface MachineAccess {
  readonly host: string;
  readonly port: number;
  /** The authority that signed the machine's certificate. */
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

export type MachineCallErrorCode =
  | "unreachable"
  | "timeout"
  | "certificate-refused"
  | "machine-not-trusted"
  | "machine-failed";

export class MachineCallError extends SocleError<MachineCallErrorCode> {
  override readonly name = "MachineCallError";
}

/** Asks a machine for its status, over a connection of its own that is closed again. */
export async function fetchStatus(
  access: MachineAccess,
  { timeoutMs }: { timeoutMs: number },
): Promise<GetStatusResponse> {
  const isIp = isIP(access.host) !== 0;
  const baseUrl = `https://${isIP(access.host) === 6 ? `[${access.host}]` : access.host}:${access.port}`;
  let isSignedIn = false;
  const sessionManager = new Http2SessionManager(baseUrl, undefined, {
    createConnection: () => {
      const socket = connect({
        host: access.host,
        port: access.port,
        ca: access.caPem,
        cert: access.certPem,
        key: access.keyPem,
        minVersion: "TLSv1.3",
        ALPNProtocols: ["h2"],
        ...(isIp ? {} : { servername: access.host }),
      });
      return socket.once("secureConnect", () => (isSignedIn = true));
    },
  });
  const client = createClient(
    MachineService,
    createConnectTransport({ baseUrl, httpVersion: "2", sessionManager }),
  );
  try {
    return await client.getStatus({}, { timeoutMs });
  } catch (error) {
    throw toMachineCallError(error, access, { timeoutMs, isSignedIn });
  } finally {
    sessionManager.abort(); // an idle session would keep the process alive
  }
}

/** @param isSignedIn whether our side of the handshake was done; with TLS 1.3 the machine can still refuse us then */
function toMachineCallError(
  error: unknown,
  access: MachineAccess,
  { timeoutMs, isSignedIn }: { timeoutMs: number; isSignedIn: boolean },
): MachineCallError {
  const address = `${access.host}:${access.port}`;
  const { code, rawMessage } = ConnectError.from(error);
  const systemCode = findSystemCode(error);

  if (code === Code.DeadlineExceeded) {
    return new MachineCallError(
      "timeout",
      `Cannot get the status of "${address}": no answer within ${timeoutMs / 1000} s`,
      {
        hint: "The machine may still be starting; its console says how far it is.",
        cause: error,
      },
    );
  }
  if (systemCode !== undefined && NOT_TRUSTED.test(systemCode)) {
    return new MachineCallError("machine-not-trusted", `Refused to talk to "${address}": ${rawMessage}`, {
      hint: "Another machine answers there, or this one was made again with other keys.",
      cause: error,
    });
  }
  // We never cancel: a cancelled call is one whose connection was taken away.
  const isCutOff = systemCode !== undefined || code === Code.Canceled;
  if (isCutOff && isSignedIn) {
    return new MachineCallError(
      "certificate-refused",
      `Cannot sign in at "${address}": the machine closed the connection during sign-in`,
      { hint: explainRefusal(access.certPem), cause: error },
    );
  }
  if (isCutOff) {
    return new MachineCallError("unreachable", `Cannot reach "${address}": ${rawMessage}`, {
      hint: "Is the machine running, and is its agent up? A connection is refused until it is.",
      cause: error,
    });
  }
  return new MachineCallError("machine-failed", `Cannot get the status of "${address}": ${rawMessage}`, {
    cause: error,
  });
}

/** What Node says when the certificate of the other side does not verify. */
const NOT_TRUSTED = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT_)/;

/** The innermost code of Node, e.g. `ECONNREFUSED`; the errors of the transport wrap it. */
function findSystemCode(error: unknown): string | undefined {
  let found: string | undefined;
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") found = at.code;
  }
  return found;
}

function explainRefusal(certPem: string): string {
  const { validFromDate, validToDate } = new X509Certificate(certPem);
  const now = new Date();
  if (now > validToDate) return `Your certificate expired on ${validToDate.toISOString()}.`;
  if (now < validFromDate)
    return `Your certificate is not valid before ${validFromDate.toISOString()}: is the clock right?`;
  return "Most often the certificate is revoked, expired by the machine's clock, or from another fleet.";
}

/** Long enough for a machine under emulation, where one status takes seconds. */
const STATUS_TIMEOUT_MS = 15_000;

/** `socle status`, once it is known which machine is meant. */
export async function showStatus(
  access: MachineAccess,
  { output, stdout }: Pick<CommandContext, "output" | "stdout">,
): Promise<ExitCode> {
  const status = await fetchStatus(access, { timeoutMs: STATUS_TIMEOUT_MS });
  switch (output) {
    case "table":
      stdout(renderStatus(status, createPaint(process.stdout)));
      break;
    case "json":
      stdout(`${JSON.stringify(toStatusDocument(status))}\n`);
      break;
    case "yaml":
      stdout(stringify(toStatusDocument(status)));
      break;
  }
  return EXIT_CODE.ok;
}
