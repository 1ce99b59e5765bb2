import { resolve } from "node:path";

import { publishRelease, type PublishPlan } from "#system/publishRelease.ts";
import { toRepositoryKeys } from "#system/repositoryKeys.ts";
import { verifyReleaseProvenance } from "#system/verifyReleaseProvenance.ts";
import { toStoredName } from "#trust/repositoryContent.ts";
import { findRelease } from "#vm/findRelease.ts";

import type { CommandContext } from "../commandContext.ts";
import { toCommandName } from "../commandName.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { toMarks } from "../marks.ts";
import { openProjectKeys } from "../openProjectKeys.ts";
import { renderResult } from "../renderResult.ts";
import { toStateDocument } from "../repositoryDocument.ts";
import { renderTable } from "../table.ts";

export interface PublishArguments {
  readonly release: string;
}

export interface PublishOptions {
  readonly repository: string;
  readonly channel: string;
  readonly keys?: string;
  readonly dryRun?: true;
}

/** Makes a release known to the machines that follow a channel. */
export async function publish(
  { release }: PublishArguments,
  options: PublishOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const folder = resolve(options.repository);
  const { channel } = options;
  const found = await findRelease(resolve(release));
  const { id, version } = found.manifest;
  const keys = await openProjectKeys(options.keys, context);
  const { report, signal } = context;
  await verifyReleaseProvenance(found, keys.keySet);
  let plan: PublishPlan | undefined;
  const onPlan = (made: PublishPlan) => {
    plan = made;
    const isShown = options.dryRun !== true && context.output === "table" && !context.isQuiet;
    if (isShown) context.stderr(renderPlan(made, `${id} ${version}`, channel, folder));
    return options.dryRun !== true;
  };
  const changed = await publishRelease(
    { folder, keys: toRepositoryKeys(keys), now: () => new Date(), report, signal },
    { release: found, channel, onPlan },
  );
  const files = (plan?.files ?? []).map((file) => ({
    name: file.name,
    path: `targets/${channel}/${toStoredName(file)}`,
    sizeBytes: file.sizeBytes,
    sha256: file.sha256,
    placement:
      changed?.placed.get(file.name) ?? (plan?.present.has(file.name) === true ? "present" : "copied"),
  }));
  const document = {
    apiVersion: "socle/v1",
    kind: "Publication",
    repository: folder,
    channel,
    id,
    version,
    dryRun: changed === undefined,
    files,
    ...(changed === undefined ? {} : { metadata: toStateDocument(changed.state) }),
  };
  if (context.isQuiet) context.stdout(`${folder}\n`);
  else {
    const toTable = () =>
      changed === undefined && plan !== undefined
        ? renderPlan(plan, `${id} ${version}`, channel, folder)
        : renderPublication(document, found.folder);
    context.stdout(await renderResult(document, context.output, toTable));
  }
  return EXIT_CODE.ok;
}

function renderPlan(plan: PublishPlan, release: string, channel: string, repository: string): string {
  const { files, present, published } = plan;
  const missing = files.filter(({ name }) => !present.has(name));
  const bytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const table = renderTable(
    [
      { header: "FILE", value: ({ name }) => name },
      { header: "SIZE", align: "right", value: ({ sizeBytes }) => formatBytes(sizeBytes) },
      { header: "", value: ({ name }) => (present.has(name) ? "there already" : "") },
    ],
    files,
  );
  return [
    published
      ? `Plan: ${release} is in the channel "${channel}" already; its metadata are signed anew`
      : `Plan: publish ${release} to the channel "${channel}"`,
    "",
    ...table
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
    "",
    `  To         ${repository}`,
    `  To write   ${missing.length} of ${files.length} files, ${formatBytes(bytes)}`,
    "",
    "",
  ].join("\n");
}

function renderPublication(
  document: {
    readonly id: string;
    readonly version: string;
    readonly channel: string;
    readonly repository: string;
    readonly metadata?: ReturnType<typeof toStateDocument>;
  },
  release: string,
): string {
  const { id, version, channel, repository, metadata = [] } = document;
  const soonest = metadata.toSorted((a, b) =>
    a.expires < b.expires ? -1 : Number(a.expires > b.expires),
  )[0];
  const socle = toCommandName(process.env);
  return [
    `${toMarks(process.env).ok} published ${id} ${version} to the channel "${channel}"`,
    "",
    `  Release      ${release}`,
    `  Repository   ${repository}`,
    ...(soonest === undefined
      ? []
      : [`  Renew        before ${soonest.expires}: ${socle} repository renew ${repository}`]),
    `  Next         ${socle} serve ${repository}`,
    "",
  ].join("\n");
}
