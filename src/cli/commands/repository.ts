import { resolve } from "node:path";

import { readBytes } from "#system/files.ts";
import { renewRepository, withdraw } from "#system/publishRelease.ts";
import { readRepositoryFacts } from "#system/readRepositoryFacts.ts";
import { toRepositoryKeys } from "#system/repositoryKeys.ts";
import { verifyRepository, type RepositoryReport } from "#trust/repositoryVerification.ts";

import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { toMarks } from "../marks.ts";
import { openProjectKeys } from "../openProjectKeys.ts";
import { renderResult } from "../renderResult.ts";
import { toStateDocument } from "../repositoryDocument.ts";
import { renderTable } from "../table.ts";

export interface RepositoryArguments {
  readonly folder: string;
}

/** Looks at every byte. What is wrong is the result, so it goes to stdout. */
export async function verify(
  { folder }: RepositoryArguments,
  options: { readonly trustedRoot?: string },
  context: CommandContext,
): Promise<ExitCode> {
  const path = resolve(folder);
  const facts = await readRepositoryFacts(path, context.report, context.signal);
  const trustedRoot = options.trustedRoot === undefined ? undefined : await readBytes(options.trustedRoot);
  const now = new Date();
  const found = verifyRepository(facts, { now, ...(trustedRoot === undefined ? {} : { trustedRoot }) });
  const valid = found.problems.length === 0;
  const document = {
    apiVersion: "socle/v1",
    kind: "RepositoryVerification",
    repository: path,
    valid,
    ...found,
  };
  if (!context.isQuiet || !valid) {
    context.stdout(await renderResult(document, context.output, () => renderReport(found, path, now)));
  }
  return valid ? EXIT_CODE.ok : EXIT_CODE.verificationFailed;
}

export async function renew(
  { folder }: RepositoryArguments,
  options: { readonly keys?: string },
  context: CommandContext,
): Promise<ExitCode> {
  const { state } = await renewRepository(await openSurroundings(folder, options, context));
  const roles = toStateDocument(state);
  const document = {
    apiVersion: "socle/v1",
    kind: "RepositoryRenewal",
    repository: resolve(folder),
    metadata: roles,
  };
  if (!context.isQuiet) {
    const now = new Date();
    const toTable = () => `${toMarks(process.env).ok} signed anew\n\n${renderRoles(roles, now)}`;
    context.stdout(await renderResult(document, context.output, toTable));
  }
  return EXIT_CODE.ok;
}

export async function withdrawFrom(
  { folder }: RepositoryArguments,
  options: {
    readonly channel: string;
    /** Its version. */
    readonly release: string;
    readonly delete?: true;
    readonly keys?: string;
  },
  context: CommandContext,
): Promise<ExitCode> {
  const { channel, release: version } = options;
  const surroundings = await openSurroundings(folder, options, context);
  const done = await withdraw(surroundings, { channel, version, delete: options.delete === true });
  const document = {
    apiVersion: "socle/v1",
    kind: "Withdrawal",
    repository: resolve(folder),
    channel,
    version,
    deleted: done.deleted.map((name) => `targets/${channel}/${name}`),
    metadata: toStateDocument(done.state),
  };
  if (!context.isQuiet) {
    const left = done.content.get(channel)?.document.releases[0]?.version;
    const lines = [
      `${toMarks(process.env).ok} ${version} is no longer in the channel "${channel}"`,
      "",
      `  Newest now   ${left ?? "none"}`,
      `  Its files    ${options.delete === true ? `deleted (${done.deleted.length})` : "are still there; --delete removes them"}`,
      "  Machines     that run it keep running it",
    ];
    context.stdout(await renderResult(document, context.output, () => `${lines.join("\n")}\n`));
  }
  return EXIT_CODE.ok;
}

async function openSurroundings(
  folder: string,
  { keys }: { readonly keys?: string },
  { report, signal }: CommandContext,
) {
  return {
    folder: resolve(folder),
    keys: toRepositoryKeys(await openProjectKeys(keys, { report })),
    now: () => new Date(),
    report,
    signal,
  };
}

function renderReport(
  { roles, channels, problems, warnings }: RepositoryReport,
  folder: string,
  now: Date,
): string {
  const marks = toMarks(process.env);
  const summary =
    problems.length === 0
      ? `${marks.ok} the repository is whole: ${folder}`
      : `${marks.failed} the repository has ${problems.length} problem${problems.length === 1 ? "" : "s"}: ${folder}`;
  const channelTable = renderTable(
    [
      { header: "CHANNEL", value: ({ name }) => name },
      { header: "SYSTEM", value: ({ id }) => id },
      { header: "NEWEST", value: ({ versions }) => versions[0] ?? "none" },
      { header: "RELEASES", align: "right", value: ({ versions }) => String(versions.length) },
      { header: "FILES", align: "right", value: ({ files }) => String(files) },
      { header: "SIZE", align: "right", value: ({ sizeBytes }) => formatBytes(sizeBytes) },
    ],
    channels,
  );
  return [
    summary,
    ...problems.map((problem) => `  ${marks.failed} ${problem}`),
    ...warnings.map((warning) => `  ${marks.warning} ${warning}`),
    ...(roles.length === 0 ? [] : ["", renderRoles(roles, now).trimEnd()]),
    ...(channels.length === 0 ? [] : ["", indent(channelTable)]),
    "",
  ].join("\n");
}

function renderRoles(
  roles: readonly { readonly role: string; readonly version: number; readonly expires: string }[],
  now: Date,
): string {
  const table = renderTable(
    [
      { header: "METADATA", value: ({ role }) => role },
      { header: "VERSION", align: "right", value: ({ version }) => String(version) },
      { header: "EXPIRES", value: ({ expires }) => expires },
      { header: "", value: ({ expires }) => toDistance(expires, now) },
    ],
    roles,
  );
  return `${indent(table)}\n`;
}

function toDistance(expires: string, now: Date): string {
  const days = (Date.parse(expires) - now.getTime()) / 86_400_000;
  if (days <= 0) return "expired";
  return days < 2 ? `in ${Math.floor(days * 24)} hours` : `in ${Math.floor(days)} days`;
}

function indent(table: string): string {
  return table
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
