import { resolve } from "node:path";

import { isFolder, listFolder } from "#system/files.ts";
import { serveFolder } from "#system/serveFolder.ts";

import type { CommandContext } from "../commandContext.ts";
import { toCommandName } from "../commandName.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";

export interface ServeArguments {
  readonly folder: string;
}

export interface ServeOptions {
  readonly port?: number;
  readonly host: string;
}

/** Serves until it is told to stop, which is its ordinary end. */
export async function serve(
  { folder }: ServeArguments,
  { port, host }: ServeOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const path = resolve(folder);
  await using server = await serveFolder(path, { host, ...(port === undefined ? {} : { port }) });
  const channels = await listChannels(path);
  const document = {
    apiVersion: "socle/v1",
    kind: "ServedRepository",
    repository: path,
    url: server.url,
    channels,
  };
  if (context.isQuiet) context.stdout(`${server.url}\n`);
  else
    context.stdout(
      await renderResult(document, context.output, () => renderServer(server.url, path, channels)),
    );
  await new Promise<void>((resolvePromise) => {
    if (context.signal.aborted) resolvePromise();
    context.signal.addEventListener("abort", () => resolvePromise(), { once: true });
  });
  return EXIT_CODE.ok;
}

async function listChannels(folder: string): Promise<string[]> {
  const names = await listFolder(`${folder}/targets`);
  const isChannel = await Promise.all(names.map(async (name) => isFolder(`${folder}/targets/${name}`)));
  return names.filter((_, index) => isChannel[index]);
}

function renderServer(url: string, folder: string, channels: readonly string[]): string {
  const channel = channels[0] ?? "stable";
  return [
    `Serving ${folder} until Ctrl-C`,
    "",
    `  ${url}`,
    "",
    `  Fetch a release       ${toCommandName(process.env)} fetch ${url} --channel ${channel} --trusted-root ${folder}/metadata/1.root.json`,
    `  systemd-sysupdate     Path=${url}targets/${channel}/ (docs/publishing.md)`,
    "",
  ].join("\n");
}
