import {
  changeContexts,
  contextsFile,
  findContext,
  readContexts,
  type Context,
} from "#system/contextFile.ts";

import { readClientCertificate } from "../clientCertificate.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import { renderResult } from "../renderResult.ts";
import { renderTable } from "../table.ts";

/** The machines, one's role there, and until when. */
export async function contextList(context: CommandContext): Promise<ExitCode> {
  const { current, contexts } = await readContexts(contextsFile());
  const now = new Date();
  const rows = Object.entries(contexts)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, entry]) => toDocument(name, entry, current));
  const toTable = () =>
    rows.length === 0
      ? "No context yet: socle context add\n"
      : renderTable(
          [
            { header: "", value: (row) => (row.current ? "*" : "") },
            { header: "NAME", value: ({ name }) => name },
            { header: "ADDRESS", value: ({ host, port }) => `${host}:${port}` },
            { header: "ROLE", value: ({ certificate }) => certificate.role },
            { header: "AS", value: ({ certificate }) => certificate.name },
            { header: "EXPIRES", value: ({ certificate }) => toExpiry(certificate.expires, now) },
          ],
          rows,
        );
  const document = { apiVersion: "socle/v1", kind: "ContextList", current, contexts: rows };
  context.stdout(
    context.isQuiet && context.output === "table"
      ? rows.map(({ name }) => `${name}\n`).join("")
      : await renderResult(document, context.output, toTable),
  );
  return EXIT_CODE.ok;
}

/** One of them, without the key. */
export async function contextShow(
  { name }: { readonly name: string | undefined },
  context: CommandContext,
): Promise<ExitCode> {
  const contexts = await readContexts(contextsFile());
  const wanted = name ?? contexts.current ?? "";
  const shown = toDocument(wanted, findContext(contexts, wanted), contexts.current);
  const { certificate, host, port, fingerprint } = shown;
  const toTable = () =>
    [
      `${wanted}${shown.current ? "  (current)" : ""}`,
      "",
      `  Address      ${host}:${port}`,
      `  Known by     ${fingerprint ?? "the authority of its certificate"}`,
      `  You are      ${certificate.name}, ${certificate.role}`,
      `  Until        ${certificate.expires}  (${toExpiry(certificate.expires, new Date())})`,
      `  Certificate  ${certificate.serial}`,
      "",
    ].join("\n");
  const document = { apiVersion: "socle/v1", kind: "Context", ...shown };
  context.stdout(await renderResult(document, context.output, toTable));
  return EXIT_CODE.ok;
}

/** Chooses the machine that is meant where none is named. */
export async function contextUse(
  { name }: { readonly name: string },
  context: CommandContext,
): Promise<ExitCode> {
  await changeContexts(contextsFile(), (contexts) => {
    findContext(contexts, name);
    return { ...contexts, current: name };
  });
  if (!context.isQuiet) context.stdout(`${name} is the current context\n`);
  return EXIT_CODE.ok;
}

/** Forgets a machine, and the certificate for it. */
export async function contextRemove(
  { name }: { readonly name: string },
  context: CommandContext,
): Promise<ExitCode> {
  await changeContexts(contextsFile(), (contexts) => {
    findContext(contexts, name);
    const { [name]: _removed, ...others } = contexts.contexts;
    return { current: contexts.current === name ? null : contexts.current, contexts: others };
  });
  if (!context.isQuiet) context.stdout(`${name} is forgotten\n`);
  return EXIT_CODE.ok;
}

function toDocument(name: string, context: Context, current: string | null) {
  const { host, port, certPem } = context;
  const { name: person, role, serial, expires } = readClientCertificate(certPem);
  return {
    name,
    current: name === current,
    host,
    port,
    /** null: known by the authority of its certificate. */
    fingerprint: "fingerprint" in context ? context.fingerprint : null,
    certificate: { name: person, role, serial, expires: expires.toISOString() },
  };
}

function toExpiry(expires: string, now: Date): string {
  const at = new Date(expires);
  return at < now ? `ended ${formatRelativeTime(at, now)}` : formatRelativeTime(at, now);
}
