import type { CommandContext } from "../commandContext.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import { callMaintenance } from "./callMaintenance.ts";
import { confirmFingerprint } from "./confirmFingerprint.ts";

export interface MaintenanceShowOptions {
  readonly host: string;
  readonly port: number;
  readonly fingerprint?: string;
}

const TIMEOUT_MS = 15_000;

/** Which machine waits there, and why what it has does not do. */
export async function maintenanceShow(
  options: MaintenanceShowOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { host, port } = options;
  const fingerprint = await confirmFingerprint(options, context);
  if (fingerprint === undefined) {
    context.stderr("Nothing was asked.\n");
    return EXIT_CODE.failed;
  }
  const call = { purpose: "ask for the state", timeoutMs: TIMEOUT_MS, signal: context.signal };
  const { id, version, level, problems } = await callMaintenance(
    { host, port, fingerprint },
    call,
    (client, callOptions) => client.getMaintenance({}, callOptions),
  );
  const wrong = problems.map(({ path, wanted }) => ({ path, wanted }));
  const document = {
    apiVersion: "socle/v1",
    kind: "Maintenance",
    host,
    port,
    fingerprint,
    id,
    version,
    level,
    problems: wrong,
  };
  const render = () =>
    [
      `${toVisibleText(`${id} ${version}, ${level}`)}, waits for its configuration`,
      `  fingerprint  ${fingerprint}`,
      ...(wrong.length === 0 ? [] : ["  The one that it has is refused:"]),
      ...wrong.map(({ path, wanted }) => toVisibleText(`    ${path || "the document"}: wanted ${wanted}`)),
      "",
    ].join("\n");
  context.stdout(await renderResult(document, context.output, render));
  return EXIT_CODE.ok;
}
