import { X509Certificate } from "node:crypto";

import { readAccessBundle, type AccessBundle } from "#system/accessBundle.ts";
import {
  changeContexts,
  ContextError,
  contextsFile,
  findContext,
  readContexts,
  type Context,
  type Contexts,
} from "#system/contextFile.ts";
import { readText } from "#system/files.ts";
import { parseFingerprint } from "#trust/fingerprint.ts";

import { readClientCertificate } from "../clientCertificate.ts";
import type { CommandContext } from "../commandContext.ts";
import { confirm } from "../confirm.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toMarks } from "../marks.ts";
import { readFingerprint } from "../readFingerprint.ts";

export interface ContextAddOptions {
  readonly host?: string;
  readonly port: number;
  /** Each a file. */
  readonly access?: string;
  readonly ca?: string;
  readonly like?: string;
  readonly fingerprint?: string;
  readonly replace?: true;
  readonly yes?: true;
}

type KeyPair = Pick<Context, "certPem" | "keyPem">;
type Identity = { readonly caPem: string } | { readonly fingerprint: string };

const CONNECT_TIMEOUT_MS = 15_000;

/** Keeps how to reach a machine; or takes over all that is in an access file. */
export async function contextAdd(
  { name }: { readonly name: string | undefined },
  options: ContextAddOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const added =
    name === undefined ? await readBundleContexts(options) : await makeContext(name, options, context);
  if (added === undefined) {
    context.stderr("Nothing was changed.\n");
    return EXIT_CODE.failed;
  }
  const before = await readContexts(contextsFile());
  const after = await changeContexts(contextsFile(), (contexts) => merge(contexts, added, options));
  context.stdout(renderAdded(before, after, context.isQuiet));
  return EXIT_CODE.ok;
}

interface Added {
  readonly contexts: Readonly<Record<string, Context>>;
  /** For every context whose certificate is of the same person and authority. */
  readonly renewed?: KeyPair;
}

async function readBundleContexts({ access }: ContextAddOptions): Promise<Added> {
  if (access === undefined)
    throw new ContextError(
      "context-incomplete",
      "Cannot add a context: it has no name, and there is no access file",
      {
        hint: "socle context add NAME --host HOST --access FILE, or: socle context add --access FILE",
      },
    );
  const bundle = await readAccessBundle(access);
  const keys = toKeyPair(bundle);
  const contexts = bundle.machines.map(({ name, ...machine }) => [name, { ...machine, ...keys }] as const);
  return { contexts: Object.fromEntries(contexts), renewed: keys };
}

/** Undefined: the person does not trust what answers there. */
async function makeContext(
  name: string,
  options: ContextAddOptions,
  context: CommandContext,
): Promise<Added | undefined> {
  const { host, port } = options;
  if (host === undefined)
    throw new ContextError("context-incomplete", `Cannot add "${name}": it is not said where it answers`, {
      hint: `socle context add ${name} --host HOST`,
    });
  const keys = await findKeyPair(name, options);
  const identity = await findIdentity({ ...options, host }, context);
  return identity && { contexts: { [name]: { host, port, ...keys, ...identity } } };
}

async function findKeyPair(name: string, { access, like }: ContextAddOptions): Promise<KeyPair> {
  if (access !== undefined) return toKeyPair(await readAccessBundle(access));
  const contexts = await readContexts(contextsFile());
  const { current } = contexts;
  const model = like ?? (current === null ? undefined : current);
  if (model === undefined)
    throw new ContextError(
      "context-incomplete",
      `Cannot add "${name}": it is not said with which certificate`,
      {
        hint: "Name the file that you were given: --access FILE",
      },
    );
  const { certPem, keyPem } = findContext(contexts, model);
  return { certPem, keyPem };
}

async function findIdentity(
  { host, port, ca, fingerprint, yes }: ContextAddOptions & { readonly host: string },
  context: CommandContext,
): Promise<Identity | undefined> {
  if (fingerprint !== undefined) return { fingerprint: parseFingerprint(fingerprint) };
  if (ca !== undefined) return { caPem: new X509Certificate(await readText(ca)).toString() };
  const found = await readFingerprint(
    { host, port },
    AbortSignal.any([context.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]),
  );
  const question = [
    `The machine at ${host}:${port} shows`,
    `  ${found}`,
    "Its console shows its own. Only if they are the same it is the machine that you mean.",
    "",
  ].join("\n");
  return (await confirm(question, yes === true ? { yes } : {}, context)) ? { fingerprint: found } : undefined;
}

function merge(
  contexts: Contexts,
  { contexts: added, renewed }: Added,
  { replace }: ContextAddOptions,
): Contexts {
  const taken = Object.keys(added).find((name) => Object.hasOwn(contexts.contexts, name));
  if (taken !== undefined && replace !== true && renewed === undefined)
    throw new ContextError("context-exists", `There is a context "${taken}" already`, {
      hint: "Use another name, or add --replace",
    });
  const kept = Object.entries(contexts.contexts).map(([name, context]) => [
    name,
    renewed !== undefined && isOfSamePerson(context, renewed) ? { ...context, ...renewed } : context,
  ]);
  // A machine that is known stays known as it was: an access file may renew, not redirect.
  const isTaken = (name: string) => replace !== true && Object.hasOwn(contexts.contexts, name);
  const fresh = Object.entries(added).filter(([name]) => !isTaken(name));
  const all = { ...Object.fromEntries(kept), ...Object.fromEntries(fresh) } as Contexts["contexts"]; // from two such
  return { current: contexts.current ?? Object.keys(all)[0] ?? null, contexts: all };
}

function isOfSamePerson(one: KeyPair, other: KeyPair): boolean {
  const [a, b] = [readClientCertificate(one.certPem), readClientCertificate(other.certPem)];
  return a.name === b.name && a.issuer === b.issuer;
}

function toKeyPair({ certificate, key }: AccessBundle): KeyPair {
  return { certPem: certificate, keyPem: key };
}

function renderAdded(before: Contexts, after: Contexts, isQuiet: boolean): string {
  const { ok } = toMarks(process.env);
  const changed = Object.entries(after.contexts).filter(
    ([name, context]) => JSON.stringify(before.contexts[name]) !== JSON.stringify(context),
  );
  if (isQuiet) return changed.map(([name]) => `${name}\n`).join("");
  const lines = changed.map(([name, context]) => {
    const { role, expires } = readClientCertificate(context.certPem);
    const what = Object.hasOwn(before.contexts, name) ? "is renewed" : "is added";
    return `${ok} ${name} ${what}: ${role} until ${expires.toISOString().slice(0, 10)}`;
  });
  if (lines.length === 0)
    lines.push("Nothing to add: the file has no machine, and no context has its certificate.");
  if (after.current !== null && after.current !== before.current)
    lines.push(`  ${after.current} is the current context`);
  return lines.map((line) => `${line}\n`).join("");
}
