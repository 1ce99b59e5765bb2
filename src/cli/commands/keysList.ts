import { X509Certificate } from "node:crypto";
import { KEY_ROLE_NAMES, KEY_ROLES, type KeyRecord, type KeyRole, type KeySet } from "#trust/keySet.ts";
import { parsePublicKey, toAlgorithm } from "#trust/publicKeys.ts";
import { verifyRootChain } from "#trust/tufRoot.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import type { KeyFolderOption } from "../keyOptions.ts";
import { openKeys } from "../openKeys.ts";
import { renderResult } from "../renderResult.ts";
import { renderTable } from "../table.ts";

/** Shows whose keys there are, and where their private halves lie. */
export async function keysList(
  options: KeyFolderOption,
  _options: object,
  context: CommandContext,
): Promise<ExitCode> {
  const { folder, keySet, rootMetadata } = await openKeys(options, context);
  const keys = KEY_ROLE_NAMES.flatMap((role) =>
    keySet.roles[role].keys.map((key) => toRow(keySet, role, key)),
  );
  const document = {
    apiVersion: "socle/v1",
    kind: "Keys",
    folder,
    development: keySet.development,
    rootMetadata: { version: keySet.rootVersion, expires: verifyRootChain(rootMetadata).expires },
    keys,
  };
  const toTable = () =>
    renderTable(
      [
        { header: "ROLE", value: (row) => row.role },
        { header: "ID", value: (row) => row.id.slice(0, 12) },
        { header: "ALGORITHM", value: (row) => row.algorithm },
        { header: "STATE", value: (row) => row.state },
        { header: "MUST SIGN", value: (row) => (row.state === "active" ? row.needed : "–") },
        { header: "EXPIRES", value: (row) => row.expires?.slice(0, 10) ?? "–" },
        { header: "PRIVATE KEY", value: (row) => toPlace(row.signer) },
      ],
      keys,
    ) +
    `\nRoot metadata ${document.rootMetadata.version} expires ${document.rootMetadata.expires.slice(0, 10)}; for a later day: socle keys renew\n`;
  context.stdout(
    context.isQuiet && context.output === "table"
      ? keys.map(({ id }) => `${id}\n`).join("")
      : await renderResult(document, context.output, toTable),
  );
  return EXIT_CODE.ok;
}

function toRow({ roles }: KeySet, role: KeyRole, key: KeyRecord) {
  const { threshold, keys } = roles[role];
  const active = keys.filter(({ state }) => state === "active").length;
  const expires =
    key.certificate === undefined ? undefined : new X509Certificate(key.certificate).validToDate;
  return {
    role,
    what: KEY_ROLES[role].what,
    id: key.id,
    algorithm: toAlgorithm(parsePublicKey(key.publicKey)) ?? "unknown",
    state: key.state,
    needed: `${threshold} of ${active}`,
    ...(expires === undefined ? {} : { expires: expires.toISOString() }),
    signer: key.signer,
  };
}

function toPlace(signer: KeyRecord["signer"]): string {
  return signer.kind === "file" ? signer.path : `command ${signer.argv[0] ?? ""}`;
}
