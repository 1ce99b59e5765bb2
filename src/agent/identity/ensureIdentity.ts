import { AgentError } from "../agentError.ts";
import type { Log } from "../log.ts";
import { toIdentity, type MachineIdentity, type OwnIdentity } from "./machineIdentity.ts";

/** In the agent's own folder. */
export const IDENTITY_FILES = { certificate: "certificate.pem", key: "key.pem" };

export const IDENTITY_CREDENTIALS = { certificate: "socle.agent.cert", key: "socle.agent.key" };

export interface IdentitySources {
  /** Undefined when systemd passed none of that name. */
  readonly readCredential: (name: string) => Promise<string | undefined>;
  /** Undefined when there is no such file. */
  readonly readText: (file: string) => Promise<string | undefined>;
  /** Whole or not at all, and for the agent alone. */
  readonly writePrivate: (file: string, text: string) => Promise<void>;
  readonly make: () => Promise<MachineIdentity>;
  readonly log: Log;
}

/**
 * Who this machine is: as its credentials say, or else as it has known itself since its first start.
 * @throws {AgentError} when the credentials are not whole; what the machine itself keeps is made anew when it is damaged
 */
export async function ensureIdentity(sources: IdentitySources): Promise<OwnIdentity> {
  const given = await readGiven(sources);
  if (given !== undefined) return { ...given, source: "credential" };
  return { ...((await readKept(sources)) ?? (await makeAndKeep(sources))), source: "machine" };
}

async function readGiven({ readCredential }: IdentitySources): Promise<MachineIdentity | undefined> {
  const [certificate, key] = await Promise.all([
    readCredential(IDENTITY_CREDENTIALS.certificate),
    readCredential(IDENTITY_CREDENTIALS.key),
  ]);
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    const missing = IDENTITY_CREDENTIALS[certificate === undefined ? "certificate" : "key"];
    throw new AgentError(
      "credentials-incomplete",
      `Cannot tell who this machine is: no credential "${missing}"`,
      {
        hint: "Pass certificate and key together, or none of them: then the machine makes its own.",
      },
    );
  }
  const identity = toIdentity(certificate, key);
  if (identity !== undefined) return identity;
  throw new AgentError(
    "certificate-unusable",
    "Cannot use the machine's certificate and key of its credentials: they are damaged, or do not belong together",
  );
}

async function readKept({ readText, log }: IdentitySources): Promise<MachineIdentity | undefined> {
  try {
    const [certificate, key] = await Promise.all([
      readText(IDENTITY_FILES.certificate),
      readText(IDENTITY_FILES.key),
    ]);
    if (certificate === undefined && key === undefined) return undefined;
    const identity = toIdentity(certificate ?? "", key ?? "");
    if (identity !== undefined) return identity;
    log(
      "warning",
      "the machine's own key and certificate are damaged: others are made, and callers will ask",
      {
        files: IDENTITY_FILES,
      },
    );
  } catch (error) {
    log("warning", "the machine's own key and certificate cannot be read: others are made", { error });
  }
  return undefined;
}

/** One that cannot be kept is used all the same: a machine that nobody can call cannot be helped. */
async function makeAndKeep({ make, writePrivate, log }: IdentitySources): Promise<MachineIdentity> {
  const identity = await make();
  const { fingerprint } = identity;
  try {
    await writePrivate(IDENTITY_FILES.key, identity.key);
    await writePrivate(IDENTITY_FILES.certificate, identity.certificate);
    log("info", "the machine has a key and a certificate of its own", { fingerprint });
  } catch (error) {
    log("warning", "the machine's key cannot be kept; it has another one after a restart", {
      fingerprint,
      error,
    });
  }
  return identity;
}
