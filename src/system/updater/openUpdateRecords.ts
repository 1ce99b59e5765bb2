import { rename } from "node:fs/promises";
import { join } from "node:path";

import * as z from "zod/mini";

import type { UpdateHold } from "#boot/policy/updatePolicy.ts";
import { isSha256 } from "#release/sha256.ts";

import { listFolder, makeFolder, readIfPresent, remove, writeAtomic } from "../files.ts";
import { repositoryDisk } from "../repositoryDisk.ts";

export const UPDATE_RECORDS_FOLDER = "/var/lib/socle/update";

// zod/mini comes without words for its errors.
z.config(z.locales.en());

const time = z.iso.datetime();
const sha256 = z.string().check(z.refine(isSha256, "wanted 64 lower-case hex digits"));
const text = z.string().check(z.minLength(1));

const quarantineSchema = z.strictObject({
  version: text,
  ukiSha256: sha256,
  rootHash: sha256,
  since: time,
  reason: z.string(),
  bootIds: z.array(text),
});
const holdSchema = z.strictObject({ reason: z.string(), since: time, until: z.optional(time) });

export type QuarantineRecord = z.infer<typeof quarantineSchema>;

export interface UpdateRecords {
  readQuarantine(): Promise<QuarantineRecord[]>;
  writeQuarantine(record: QuarantineRecord): Promise<void>;
  removeQuarantine(ukiSha256: string): Promise<void>;
  readHold(): Promise<UpdateHold | undefined>;
  writeHold(hold: UpdateHold | undefined): Promise<void>;
}

const HOLD_NAME = "hold.json";
const QUARANTINE_NAME = /^quarantine-[0-9a-f]{64}\.json$/;

/**
 * What cannot be derived from the disk: one small file for each release that failed, and one for the hold. A file that
 * cannot be understood is put aside, and told of: no machine may stop updating because of one.
 */
export function openUpdateRecords(folder: string, warn: (message: string) => void): UpdateRecords {
  const read = async <T>(name: string, kind: string, schema: z.ZodMiniType<T>): Promise<T | undefined> => {
    const path = join(folder, name);
    const content = await readIfPresent(path);
    if (content === undefined) return undefined;
    try {
      return parseRecord(content, kind, schema);
    } catch (error) {
      await rename(path, `${path}.damaged`);
      warn(`"${path}" cannot be read and was put aside: ${explain(error)}`);
      return undefined;
    }
  };
  const write = async (name: string, kind: string, record: object): Promise<void> => {
    await makeFolder(folder);
    const content = { apiVersion: "socle/v1", kind, ...record };
    await writeAtomic(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
    await repositoryDisk.syncFolder(folder);
  };
  const drop = async (name: string): Promise<void> => {
    await makeFolder(folder);
    await remove(join(folder, name));
    await repositoryDisk.syncFolder(folder);
  };
  return {
    readQuarantine: async () => {
      const names = (await listFolder(folder)).filter((name) => QUARANTINE_NAME.test(name));
      const records = await Promise.all(
        names.map((name) => read(name, "QuarantineRecord", quarantineSchema)),
      );
      return records.filter((record) => record !== undefined);
    },
    writeQuarantine: async (record) => write(toQuarantineName(record.ukiSha256), "QuarantineRecord", record),
    removeQuarantine: async (ukiSha256) => drop(toQuarantineName(ukiSha256)),
    readHold: async () => toHold(await read(HOLD_NAME, "UpdateHold", holdSchema)),
    writeHold: async (hold) => (hold === undefined ? drop(HOLD_NAME) : write(HOLD_NAME, "UpdateHold", hold)),
  };
}

function parseRecord<T>(content: string, kind: string, schema: z.ZodMiniType<T>): T {
  const header = z.looseObject({ apiVersion: z.literal("socle/v1"), kind: z.literal(kind) });
  const { apiVersion: _, kind: __, ...record } = header.parse(JSON.parse(content));
  return schema.parse(record);
}

function explain(error: unknown): string {
  if (error instanceof z.core.$ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}

function toQuarantineName(ukiSha256: string): string {
  if (!isSha256(ukiSha256)) throw new TypeError(`"${ukiSha256}" is not a SHA-256`);
  return `quarantine-${ukiSha256}.json`;
}

function toHold(hold: z.infer<typeof holdSchema> | undefined): UpdateHold | undefined {
  if (hold === undefined) return undefined;
  const { until, ...others } = hold;
  return { ...others, ...(until !== undefined && { until }) };
}
