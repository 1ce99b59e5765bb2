import { z } from "zod";

import { ROLES } from "#protocol/methodRoles.ts";
import { AccessError } from "#trust/accessError.ts";

import { readIfPresent, writeAtomic } from "./files.ts";

const place = { name: z.string().min(1), host: z.string().min(1), port: z.int().min(1).max(65_535) };
const certificate = z.string().startsWith("-----BEGIN CERTIFICATE-----");
const bundleSchema = z.strictObject({
  apiVersion: z.literal("socle/v1"),
  kind: z.literal("Access"),
  name: z.string(),
  role: z.enum(ROLES),
  expires: z.iso.datetime(),
  certificate,
  key: z.string().startsWith("-----BEGIN PRIVATE KEY-----"),
  /** Who signed the certificate. */
  authority: certificate,
  /** Where it can be used, and how those machines are known. */
  machines: z.array(
    z.union([
      z.strictObject({ ...place, caPem: certificate }),
      z.strictObject({ ...place, fingerprint: z.string().regex(/^sha256:[0-9a-f]{64}$/) }),
    ]),
  ),
});

/** What one person needs to call machines: a certificate, its private key, and machines. For that person's eyes alone. */
export type AccessBundle = z.infer<typeof bundleSchema>;

export async function readAccessBundle(file: string): Promise<AccessBundle> {
  const bundle = parseAccessBundle(await readIfPresent(file));
  if (bundle !== undefined) return bundle;
  throw new AccessError("access-malformed", `Cannot use "${file}": it is not what socle access grant writes`);
}

/** A file that is there stays, unless it is an older one of the same person. */
export async function verifyBundlePlace(file: string, name: string): Promise<void> {
  const old = await readIfPresent(file);
  if (old !== undefined && parseAccessBundle(old)?.name !== name)
    throw new AccessError("access-exists", `Cannot write "${file}": there is another file`, {
      hint: "Name another one: --out FILE",
    });
}

export async function writeAccessBundle(file: string, bundle: AccessBundle): Promise<void> {
  await verifyBundlePlace(file, bundle.name);
  await writeAtomic(file, `${JSON.stringify(bundle, undefined, 2)}\n`, 0o600);
}

function parseAccessBundle(text: string | undefined): AccessBundle | undefined {
  try {
    return bundleSchema.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined; // what the parser says may quote a key
  }
}
