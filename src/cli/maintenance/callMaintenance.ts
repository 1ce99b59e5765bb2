import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";

import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";

import { SocleError } from "#progress/socleError.ts";
import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";
import { MaintenanceService } from "#protocol/gen/socle/v1/maintenance_pb.ts";

import { MachineCallError, MachineRefusal } from "../callMachine.ts";
import { connectMachine, MachineIdentityError } from "../connectMachine.ts";

/** A machine in maintenance mode: it asks for no certificate, and nobody signed its own. */
export interface WaitingMachine {
  readonly host: string;
  readonly port: number;
  /** As its console shows it. */
  readonly fingerprint: string;
}

export class MaintenanceError extends SocleError<"not-in-maintenance" | "outcome-unknown"> {
  override readonly name = "MaintenanceError";
}

export interface MaintenanceCall {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** What cannot be done when it fails. */
  readonly purpose: string;
  /** Once asked for, it may have been done although no answer came. */
  readonly changes?: true;
}

const CONNECT_TIMEOUT_MS = 15_000;

/** Calls a machine that has nobody to let in, if it is the one with this fingerprint: before that nothing is sent to it. */
export async function callMaintenance<T>(
  machine: WaitingMachine,
  options: MaintenanceCall,
  call: (
    client: Client<typeof MaintenanceService>,
    options: Pick<MaintenanceCall, "timeoutMs" | "signal">,
  ) => Promise<T>,
): Promise<T> {
  const { signal, timeoutMs } = options;
  const host = isIP(machine.host) === 6 ? `[${machine.host}]` : machine.host;
  const baseUrl = `https://${host}:${machine.port}`;
  let sessionManager: Http2SessionManager | undefined;
  try {
    const socket = await connect(machine, signal);
    sessionManager = new Http2SessionManager(baseUrl, PING, { createConnection: () => socket });
    const transport = createConnectTransport({ baseUrl, httpVersion: "2", sessionManager });
    return await call(createClient(MaintenanceService, transport), {
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw toError(error, machine, options, sessionManager !== undefined);
  } finally {
    sessionManager?.abort(); // an idle session would keep the process alive
  }
}

/** Under emulation a busy machine takes seconds to answer. */
const PING = { pingIntervalMs: 10_000, pingTimeoutMs: 30_000 };

function connect(machine: WaitingMachine, signal: AbortSignal | undefined): Promise<TLSSocket> {
  const inTime = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  return connectMachine(
    { ...machine, certPem: "", keyPem: "" }, // shows none
    signal === undefined ? inTime : AbortSignal.any([inTime, signal]),
  );
}

function toError(
  error: unknown,
  { host, port }: WaitingMachine,
  { purpose, changes, timeoutMs }: MaintenanceCall,
  isConnected: boolean,
): Error {
  if (error instanceof MachineIdentityError) return error;
  const failed = ConnectError.from(error);
  const [detail] = failed.findDetails(ErrorDetailSchema);
  if (detail !== undefined && /^[a-z0-9-]+$/.test(detail.code))
    return new MachineRefusal(detail.code, failed.rawMessage, detail);
  const address = `${host}:${port}`;
  if (!isConnected)
    return new MachineCallError("unreachable", `Cannot reach "${address}": ${toReason(error)}`, {
      hint: "Is the machine running, and is its agent up? Its console shows its address and its port.",
      cause: error,
    });
  if (isCertificateWanted(error) || failed.code === Code.Unimplemented)
    return new MaintenanceError(
      "not-in-maintenance",
      `Cannot ${purpose} of "${address}": it is not in maintenance mode`,
      {
        hint: "It has a configuration, and answers those whom that lets in: socle context add, then socle config apply FILE",
        cause: error,
      },
    );
  if (changes === true)
    return new MaintenanceError(
      "outcome-unknown",
      `No answer came from "${address}", which was asked to ${purpose}: ${failed.rawMessage}`,
      {
        hint: "It may have done so, and may have another address now: see its console, then socle context add and socle status.",
        cause: error,
      },
    );
  if (failed.code === Code.DeadlineExceeded)
    return new MachineCallError(
      "timeout",
      `Cannot ${purpose} of "${address}": no answer within ${timeoutMs / 1000} s`,
      { cause: error },
    );
  return new MachineCallError("machine-failed", `Cannot ${purpose} of "${address}": ${failed.rawMessage}`, {
    cause: error,
  });
}

function toReason(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "no connection in time";
  return error instanceof Error ? error.message : String(error);
}

/** With TLS 1.3 a machine says so only after our side of the handshake is done: TLS alert 116, RFC 8446, 6.2. */
function isCertificateWanted(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && at.code === "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED") return true;
  }
  return false;
}
