import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { Http2SessionManager, createConnectTransport } from "@connectrpc/connect-node";
import { SocleError } from "#progress/socleError.ts";
import { ConfigurationService } from "#protocol/gen/socle/v1/configuration_pb.ts";
import { ControlService } from "#protocol/gen/socle/v1/control_pb.ts";
import { DebugService } from "#protocol/gen/socle/v1/debug_pb.ts";
import { ErrorDetailSchema, MachineService } from "#protocol/gen/socle/v1/machine_pb.ts";
import { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";
import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";

import { connectMachine, MachineIdentityError } from "./connectMachine.ts";

/** What a machine can be asked, one line a service. */
const SERVICES = {
  machine: MachineService,
  update: UpdateService,
  observe: ObserveService,
  configuration: ConfigurationService,
  control: ControlService,
  debug: DebugService,
};

export type MachineClients = {
  readonly [Name in keyof typeof SERVICES]: Client<(typeof SERVICES)[Name]>;
};

/** What the machine itself would not do or could not get, with the code and the hint that it gave. */
export class MachineRefusal extends SocleError<string> {
  override readonly name = "MachineRefusal";

  constructor(code: string, message: string, { hint }: { hint: string }) {
    super(code, message, hint === "" ? {} : { hint });
  }
}

/** Where a machine answers, and who asks. All PEM. */
export type MachineAccess = {
  readonly host: string;
  readonly port: number;
  readonly certPem: string;
  readonly keyPem: string;
} & MachineIdentity;

/** How the machine shows that it is the one: by the authority that signed its certificate, or by that certificate's fingerprint. */
export type MachineIdentity =
  | { readonly caPem: string; readonly fingerprint?: undefined }
  | { readonly fingerprint: string; readonly caPem?: undefined };

export type MachineCallErrorCode =
  | "unreachable"
  | "timeout"
  | "certificate-refused"
  | "machine-not-trusted"
  | "machine-failed";

export class MachineCallError extends SocleError<MachineCallErrorCode> {
  override readonly name = "MachineCallError";
}

export interface MachineCall {
  /** What cannot be done when it fails, e.g. `get the status`. */
  readonly purpose: string;
  /** Absent for a call that goes on as long as what it watches; then the machine must answer pings. */
  readonly timeoutMs?: number;
  /** Aborted when the answer is not wanted any more. */
  readonly signal?: AbortSignal;
  /** How soon a connection that says nothing counts as broken; patient when absent. */
  readonly ping?: { readonly pingIntervalMs: number; readonly pingTimeoutMs: number };
}

/** Calls a machine over a connection of its own that is closed again; `options` go with the call. */
export async function callMachine<T>(
  access: MachineAccess,
  { purpose, ping = PING, ...options }: MachineCall,
  call: (clients: MachineClients, options: Pick<MachineCall, "timeoutMs" | "signal">) => Promise<T>,
): Promise<T> {
  const baseUrl = `https://${isIP(access.host) === 6 ? `[${access.host}]` : access.host}:${access.port}`;
  let isSignedIn = false;
  let sessionManager: Http2SessionManager | undefined;
  try {
    const { socket, leftMs } = await connectInTime(access, options);
    isSignedIn = true;
    sessionManager = new Http2SessionManager(baseUrl, ping, { createConnection: () => socket });
    const transport = createConnectTransport({ baseUrl, httpVersion: "2", sessionManager });
    const clients = {
      machine: createClient(SERVICES.machine, transport),
      update: createClient(SERVICES.update, transport),
      observe: createClient(SERVICES.observe, transport),
      configuration: createClient(SERVICES.configuration, transport),
      control: createClient(SERVICES.control, transport),
      debug: createClient(SERVICES.debug, transport),
    };
    return await call(clients, { ...options, ...(leftMs !== undefined && { timeoutMs: leftMs }) });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw toMachineCallError(error, access, { purpose, isSignedIn, ...options });
  } finally {
    sessionManager?.abort(); // an idle session would keep the process alive
  }
}

/** Without a limit of the call's own, a machine that takes a connection and then says nothing is given this long. */
const CONNECT_TIMEOUT_MS = 30_000;

/** The connection is made before the session, so that nothing is sent to a machine that is another one. */
async function connectInTime(
  access: MachineAccess,
  { timeoutMs, signal }: Pick<MachineCall, "timeoutMs" | "signal">,
): Promise<{ socket: TLSSocket; leftMs: number | undefined }> {
  const startedMs = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs ?? CONNECT_TIMEOUT_MS);
  try {
    const socket = await connectMachine(access, AbortSignal.any([timeout, ...(signal ? [signal] : [])]));
    const leftMs =
      timeoutMs === undefined
        ? undefined
        : Math.max(1, Math.round(timeoutMs - (performance.now() - startedMs)));
    return { socket, leftMs };
  } catch (error) {
    if (timeout.aborted)
      throw new ConnectError("no connection in time", Code.DeadlineExceeded, undefined, undefined, error);
    throw error;
  }
}

/** A machine that restarts may say no goodbye; under emulation a busy one takes seconds to answer. */
const PING = { pingIntervalMs: 10_000, pingTimeoutMs: 30_000 };

/** @param isSignedIn whether our side of the handshake was done; with TLS 1.3 the machine can still refuse us then */
function toMachineCallError(
  error: unknown,
  access: MachineAccess,
  { purpose, timeoutMs = 0, isSignedIn }: { purpose: string; timeoutMs?: number; isSignedIn: boolean },
): MachineCallError | MachineRefusal | MachineIdentityError {
  if (error instanceof MachineCallError || error instanceof MachineRefusal) return error;
  if (error instanceof MachineIdentityError) return error;
  const [detail] = ConnectError.from(error).findDetails(ErrorDetailSchema);
  if (detail !== undefined && /^[a-z0-9-]+$/.test(detail.code))
    return new MachineRefusal(detail.code, ConnectError.from(error).rawMessage, detail);
  const address = `${access.host}:${access.port}`;
  const { code, rawMessage } = ConnectError.from(error);
  const systemCode = findSystemCode(error);

  if (code === Code.DeadlineExceeded) {
    return new MachineCallError(
      "timeout",
      `Cannot ${purpose} of "${address}": no answer within ${timeoutMs / 1000} s`,
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
  // We did not cancel: a cancelled call is one whose connection was taken away.
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
  return new MachineCallError("machine-failed", `Cannot ${purpose} of "${address}": ${rawMessage}`, {
    cause: error,
  });
}

/** Whether a machine does not have the call at all: its system is older than the call. */
export function isUnknownCall(error: unknown): boolean {
  return error instanceof MachineCallError && ConnectError.from(error.cause).code === Code.Unimplemented;
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
  if (now > validToDate)
    return `Your certificate expired on ${validToDate.toISOString()}. Whoever granted it can renew it: socle access renew`;
  if (now < validFromDate)
    return `Your certificate is not valid before ${validFromDate.toISOString()}: is the clock right?`;
  return "Most often the certificate is revoked, expired by the machine's clock, or from another fleet.";
}
