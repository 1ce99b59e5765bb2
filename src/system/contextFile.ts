import { chmod, mkdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

import { z } from "zod";

import { SocleError } from "#progress/socleError.ts";

import { withFileLock } from "./fileLock.ts";
import { readIfPresent, writeAtomic } from "./files.ts";

export type ContextErrorCode =
  | "context-exists"
  | "context-incomplete"
  | "context-unknown"
  | "contexts-exposed"
  | "contexts-malformed";

/** Machines that this person has access to cannot be read, found or changed. No key is ever in it. */
export class ContextError extends SocleError<ContextErrorCode> {
  override readonly name = "ContextError";
}

const place = {
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  certPem: z.string().startsWith("-----BEGIN CERTIFICATE-----"),
  keyPem: z.string().startsWith("-----BEGIN "),
};
const contextSchema = z.union([
  z.strictObject({ ...place, caPem: z.string().startsWith("-----BEGIN CERTIFICATE-----") }),
  z.strictObject({ ...place, fingerprint: z.string().regex(/^sha256:[0-9a-f]{64}$/) }),
]);
const fileSchema = z.strictObject({
  apiVersion: z.literal("socle/v1"),
  kind: z.literal("Contexts"),
  current: z.string().nullable(),
  contexts: z.record(z.string(), contextSchema),
});

/** A machine, how to know it, and the certificate to call it with. */
export type Context = z.infer<typeof contextSchema>;

export interface Contexts {
  /** The one that is meant where none is named. */
  readonly current: string | null;
  readonly contexts: Readonly<Record<string, Context>>;
}

/** Where this person's machines and authority are: for their eyes alone. */
export function configurationFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config"), "socle");
}

export function contextsFile(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(configurationFolder(env), "contexts.json");
}

/** None where there is no file. */
export async function readContexts(file: string): Promise<Contexts> {
  const text = await readIfPresent(file);
  if (text === undefined) return { current: null, contexts: {} };
  if (((await stat(file)).mode & 0o077) !== 0)
    throw new ContextError(
      "contexts-exposed",
      `Cannot use "${file}": others may read or write it, and it holds keys`,
      {
        hint: `If nobody has read it: chmod 600 "${file}"; otherwise have your certificates revoked, and granted anew`,
      },
    );
  const { current, contexts } = parse(text, file);
  return { current: current !== null && Object.hasOwn(contexts, current) ? current : null, contexts };
}

function parse(text: string, file: string): Contexts {
  const fail = (problems: string) =>
    new ContextError("contexts-malformed", `Cannot read "${file}":\n${problems}`, {
      hint: "Mend it, or move it away and add the machines again: socle context add",
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw fail("  it is not JSON"); // the parser would quote what may be a key
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(
    ({ path, message }) => `  ${path.join(".") || "the document"}: ${message}`,
  );
  throw fail(lines.join("\n"));
}

/** Changes made at once happen one after the other; a reader sees the old file or the new one. */
export async function changeContexts(
  file: string,
  change: (contexts: Contexts) => Contexts,
): Promise<Contexts> {
  const made = await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  if (made !== undefined) await chmod(dirname(file), 0o700);
  return withFileLock(`${file}.lock`, async () => {
    const changed = change(await readContexts(file));
    const content = { apiVersion: "socle/v1", kind: "Contexts", ...changed };
    await writeAtomic(file, `${JSON.stringify(content, undefined, 2)}\n`, 0o600);
    return changed;
  });
}

/** The named one; throws with the names that there are. */
export function findContext({ contexts }: Contexts, name: string): Context {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(contexts).toSorted();
  throw new ContextError("context-unknown", `There is no context "${name}"`, {
    hint: names.length === 0 ? "Add one: socle context add" : `Known: ${names.join(", ")}`,
  });
}
