import { X509Certificate } from "node:crypto";

import { readAccessFolder, readMachineTrust } from "#system/accessFolder.ts";
import { isValid, type GrantRecord } from "#trust/accessSet.ts";

import { toAccessFolder, type AccessFolderOption } from "../accessOptions.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import { renderResult } from "../renderResult.ts";
import { renderTable } from "../table.ts";

/** Who has access, as what, until when. */
export async function accessList(options: AccessFolderOption, context: CommandContext): Promise<ExitCode> {
  const now = new Date();
  const { grants, authorities } = await readAccessFolder(toAccessFolder(options));
  const retiring = new Set(authorities.filter(({ state }) => state === "retiring").map(({ id }) => id));
  const rows = grants.map(({ revoked, expires, ...grant }) => ({
    ...grant,
    expires: expires.toISOString(),
    revoked: revoked?.toISOString() ?? null,
    state: toState({ ...grant, revoked, expires }, now),
  }));
  const toTable = () =>
    renderTable(
      [
        { header: "NAME", value: ({ name }) => name },
        { header: "ROLE", value: ({ role }) => role },
        { header: "SERIAL", value: ({ serial }) => serial.slice(0, 12) },
        { header: "EXPIRES", value: ({ expires }) => formatRelativeTime(new Date(expires), now) },
        {
          header: "STATE",
          value: ({ state, authority }) =>
            state === "good" && retiring.has(authority) ? "good, renew" : state,
        },
      ],
      rows,
    );
  const names = () => rows.filter(({ state }) => state === "good").map(({ name }) => `${name}\n`);
  context.stdout(
    context.isQuiet && context.output === "table"
      ? [...new Set(names())].join("")
      : await renderResult(
          { apiVersion: "socle/v1", kind: "AccessList", grants: rows },
          context.output,
          toTable,
        ),
  );
  return EXIT_CODE.ok;
}

function toState(grant: GrantRecord, now: Date): "good" | "ended" | "revoked" {
  if (grant.revoked !== null) return "revoked";
  return isValid(grant, now) ? "good" : "ended";
}

/** What goes into the configuration of machines; nothing of it is secret. */
export async function accessShow(options: AccessFolderOption, context: CommandContext): Promise<ExitCode> {
  const folder = toAccessFolder(options);
  const { authorities } = await readAccessFolder(folder);
  const configuration = { access: await readMachineTrust(folder) };
  const document = {
    apiVersion: "socle/v1",
    kind: "AccessTrust",
    authorities: authorities.map(({ id, state, certificate }) => ({
      id,
      state,
      expires: new X509Certificate(certificate).validToDate.toISOString(),
    })),
    configuration,
  };
  const { stringify } = await import("yaml");
  context.stdout(await renderResult(document, context.output, () => stringify(configuration)));
  return EXIT_CODE.ok;
}
