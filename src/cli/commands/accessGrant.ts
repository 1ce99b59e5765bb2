import { resolve } from "node:path";

import { verifyBundlePlace, writeAccessBundle, type AccessBundle } from "#system/accessBundle.ts";
import {
  grantAccess,
  readAccessFolder,
  renewAccess,
  revokeAccess,
  type Granted,
} from "#system/accessFolder.ts";
import { contextsFile, findContext, readContexts, type Context } from "#system/contextFile.ts";
import { revokeGrants, type GrantRecord } from "#trust/accessSet.ts";
import { isRole } from "#protocol/methodRoles.ts";
import { AccessError } from "#trust/accessError.ts";

import {
  toAccessFolder,
  type AccessGrantOptions,
  type AccessRenewOptions,
  type AccessRevokeOptions,
} from "../accessOptions.ts";
import type { CommandContext } from "../commandContext.ts";
import { confirm } from "../confirm.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toMarks } from "../marks.ts";

const DAY_MS = 86_400_000;

/** Gives somebody access, and writes what they need to a file. */
export async function accessGrant(
  { name }: { readonly name: string },
  options: AccessGrantOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const place = await findPlace(name, options);
  const terms = { name, role: options.role, days: options.for / DAY_MS, now: new Date() };
  return hand(await grantAccess(toAccessFolder(options), terms), { ...place, isNew: true }, context);
}

/** Gives somebody who has access another certificate. */
export async function accessRenew(
  { name }: { readonly name: string },
  options: AccessRenewOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const place = await findPlace(name, options);
  const terms = { name, days: options.for / DAY_MS, now: new Date() };
  return hand(await renewAccess(toAccessFolder(options), terms), { ...place, isNew: false }, context);
}

/** Refuses somebody from now on, as soon as the machines know. */
export async function accessRevoke(
  { who }: { readonly who: string },
  options: AccessRevokeOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const folder = toAccessFolder(options);
  const now = new Date();
  const { revoked: meant } = revokeGrants(await readAccessFolder(folder), who, now);
  if (!(await confirm(["Plan: revoke, for good", ...meant.map(toLine), ""].join("\n"), options, context))) {
    context.stderr("Nothing was changed.\n");
    return EXIT_CODE.failed;
  }
  const revoked = await revokeAccess(folder, who, now);
  context.stdout(
    context.isQuiet
      ? revoked.map(({ serial }) => `${serial}\n`).join("")
      : [
          `${toMarks(process.env).ok} revoked`,
          ...revoked.map(toLine),
          "  Next   machines refuse it when they have the new list: socle access show, into their configuration",
          "",
        ].join("\n"),
  );
  return EXIT_CODE.ok;
}

interface Place {
  readonly file: string;
  readonly machines: AccessBundle["machines"];
}

/** Before anything is signed: a wrong name costs nothing then. */
async function findPlace(name: string, { context: names, out }: AccessRenewOptions): Promise<Place> {
  const file = resolve(out ?? `${name.replaceAll(/[^\p{L}\p{N}._@+-]/gu, "-")}.access.json`);
  await verifyBundlePlace(file, name);
  const contexts = await readContexts(contextsFile());
  return { file, machines: names.map((machine) => toMachine(machine, findContext(contexts, machine))) };
}

/** How to reach it and how to know it; the certificate in the context is one's own. */
function toMachine(name: string, context: Context): AccessBundle["machines"][number] {
  const { host, port } = context;
  return "caPem" in context
    ? { name, host, port, caPem: context.caPem }
    : { name, host, port, fingerprint: context.fingerprint };
}

async function hand(
  { grant, certificate, authority }: Granted,
  { file, machines, isNew }: Place & { readonly isNew: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const { name, role, serial, expires } = grant;
  if (!isRole(role))
    throw new AccessError("access-malformed", `"${name}" has the role "${role}", which is none`);
  await writeAccessBundle(file, {
    apiVersion: "socle/v1",
    kind: "Access",
    name,
    role,
    expires: expires.toISOString(),
    certificate: certificate.cert,
    key: certificate.key,
    authority,
    machines,
  });
  const add = machines.length > 0 || !isNew ? "" : " NAME --host HOST --fingerprint sha256:…";
  context.stdout(
    context.isQuiet
      ? `${file}\n`
      : [
          `${toMarks(process.env).ok} ${name} is ${role} until ${expires.toISOString()}  (${serial.slice(0, 12)})`,
          "",
          `  File    ${file}: there is a private key in it; give it to ${name} on a safe way, and keep no copy`,
          `  There   socle context add${add} --access FILE`,
          "",
        ].join("\n"),
  );
  return EXIT_CODE.ok;
}

function toLine({ name, role, serial, expires }: GrantRecord): string {
  return `  ${name}  ${role}  ${serial.slice(0, 12)}  until ${expires.toISOString().slice(0, 10)}`;
}
