import type { FoundDocument } from "#config/judgeDocument.ts";
import type { Problem } from "#definition/problem.ts";
import { parseCallerTrust } from "#trust/callerTrust.ts";

import { judgeAccess } from "./judgeAccess.ts";
import { decodeKeptAccess, encodeKeptAccess, type KeptAccess } from "./keptAccess.ts";
import type { Log } from "./log.ts";

/** Who is let in; never nobody. All PEM. */
export interface CallerAccess {
  readonly clientAuthorities: readonly string[];
  readonly revocations?: string | undefined;
}

/** Who says that the callers of an authority are let in; kept: nobody any more, but somebody did. */
export type AuthoritySource = "configuration" | "credential" | "kept";

export interface FoundAccess {
  /** Undefined: this machine has no authority of callers from anywhere, and never had one. */
  readonly access: CallerAccess | undefined;
  /** Of each of its authorities, by its PEM. */
  readonly sources: ReadonlyMap<string, AuthoritySource>;
  /** Why the machine's document does not count; none where it does, or where there is no document. */
  readonly problems: readonly Problem[];
}

export const AUTHORITY_CREDENTIAL = "socle.agent.ca";
/** Beside the machine's key: one that is reset loses both. */
export const KEPT_ACCESS_FILE = "access.json";

export interface AccessSources {
  /** The machine's, from the first source that has one. */
  readonly findDocument: () => Promise<FoundDocument | undefined>;
  /** What the credential AUTHORITY_CREDENTIAL says; undefined when there is none. */
  readonly readAuthority: () => Promise<string | undefined>;
  /** What is in KEPT_ACCESS_FILE; undefined when there is no such file. */
  readonly readKept: () => Promise<string | undefined>;
  readonly writeKept: (text: string) => Promise<void>;
  readonly log: Log;
}

/**
 * The authorities of the machine's document, and that of the credential. Only a document that names authorities changes
 * who is let in: with one that is refused or says nothing of access those stay who were let in before, over restarts too.
 * What a credential said once counts only where nothing else is left.
 * @throws when what there is lets nobody in: a machine does not open to everybody because something is damaged
 */
export async function readAccess(sources: AccessSources): Promise<FoundAccess> {
  const document = await sources.findDocument();
  const { access: wanted, problems } = document ? await judgeAccess(document.content) : NO_DOCUMENT;
  const credential = await attempt(sources.log, () => readGiven(sources));
  const kept = await attempt(sources.log, () => readKept(sources));
  const configured = wanted
    ? toKept(wanted)
    : kept.value?.source === "configuration"
      ? kept.value
      : undefined;

  const access = unite(configured, credential.value) ?? kept.value;
  if (access === undefined) {
    const failed = credential.error ?? kept.error;
    if (failed !== undefined) throw failed;
    return { access: undefined, sources: new Map(), problems };
  }
  // What may be taken back yet must leave nothing behind.
  if (document?.isOnTrial !== true) await keep(sources, configured ?? credential.value ?? access);
  const { authorities, revocations } = access;
  const authoritySources = new Map([
    ...toSources(authorities, "kept"),
    ...toSources(credential.value?.authorities ?? [], "credential"),
    ...toSources(wanted?.authorities ?? [], "configuration"),
  ]);
  return { access: { clientAuthorities: authorities, revocations }, sources: authoritySources, problems };
}

function toSources(authorities: readonly string[], source: AuthoritySource): [string, AuthoritySource][] {
  return authorities.map((authority) => [authority, source]);
}

const NO_DOCUMENT = { access: undefined, problems: [] };

async function readGiven({ readAuthority }: AccessSources): Promise<KeptAccess | undefined> {
  const authority = await readAuthority();
  if (authority === undefined) return undefined;
  await parseCallerTrust({ authorities: [authority] });
  return { source: "credential", authorities: [authority] };
}

async function readKept({ readKept: read }: AccessSources): Promise<KeptAccess | undefined> {
  const text = await read();
  if (text === undefined) return undefined;
  const kept = decodeKeptAccess(text);
  await parseCallerTrust(kept);
  return kept;
}

type Attempt<Value> = { readonly value?: Value | undefined; readonly error?: Error };

/** One damaged source is no reason to turn away whom another one lets in. */
async function attempt<Value>(log: Log, read: () => Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { value: await read() };
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    log("error", "somebody is not let in, because what says so is damaged", { error });
    return { error };
  }
}

function toKept({ authorities, revocations }: Omit<KeptAccess, "source">): KeptAccess {
  return { source: "configuration", authorities, revocations };
}

/** The lists of revoked certificates are the configuration's: the authority of a credential has none. */
function unite(configured: KeptAccess | undefined, given: KeptAccess | undefined): KeptAccess | undefined {
  if (configured === undefined || given === undefined) return configured ?? given;
  return { ...configured, authorities: [...new Set([...configured.authorities, ...given.authorities])] };
}

async function keep({ readKept: read, writeKept, log }: AccessSources, access: KeptAccess): Promise<void> {
  const text = encodeKeptAccess(access);
  try {
    if ((await read()) !== text) await writeKept(text);
  } catch (error) {
    log("warning", "who is let in cannot be kept for a start without configuration", { error });
  }
}
