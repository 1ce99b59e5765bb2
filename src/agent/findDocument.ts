import { chooseGeneration } from "#config/chooseGeneration.ts";
import { ConfigurationError } from "#config/configurationError.ts";
import type { ConfigurationSource, FoundDocument } from "#config/judgeDocument.ts";
import { decodeMachineConfiguration } from "#config/parseMachineConfiguration.ts";

import { readGenerations } from "./configuration/readGenerations.ts";
import { readImageFacts } from "./configuration/readImageFacts.ts";
import type { Log } from "./log.ts";

/** What finding the machine's document needs from it. */
export interface DocumentMachine {
  /** Undefined when there is no such file. */
  readText(path: string): Promise<string | undefined>;
  /** The names in a folder; none when there is no such folder. */
  listFolder(path: string): Promise<readonly string[]>;
  /** Of the credential `socle.config`. */
  readCredential(): Promise<string | undefined>;
  /** Where a drive may not have been read yet; others find what whoever did has left. */
  readDrive?(): Promise<string | undefined>;
}

/** The definition's `configuration`, in JSON. */
export const IMAGE_DOCUMENT_PATH = "/usr/share/socle/config.json";
/** Copied from the configuration drive, early in the boot. */
export const DRIVE_DOCUMENT_PATH = "/run/socle/drive-config";

/**
 * The machine's document, in the one order of sources that there is, for whoever asks: what renders /etc, the update policy,
 * access. Read anew at each question. Undefined: the machine has none.
 */
export async function findDocument(machine: DocumentMachine, log: Log): Promise<FoundDocument | undefined> {
  return (await findGeneration(machine, log)) ?? findOrigin(machine);
}

/** What the machine starts with when it has no generation. */
export async function findOrigin(machine: DocumentMachine): Promise<FoundDocument | undefined> {
  return (
    (await readDocument("image", () => machine.readText(IMAGE_DOCUMENT_PATH))) ??
    (await readDocument("credential", () => machine.readCredential())) ??
    (await readDocument("drive", () => readDrive(machine)))
  );
}

async function findGeneration(machine: DocumentMachine, log: Log): Promise<FoundDocument | undefined> {
  const generations = await readGenerations(machine, log);
  if (generations.length === 0) return undefined;
  const { version, bootId } = await readImageFacts(machine);
  const chosen = chooseGeneration(generations, { version, bootId, isReadable });
  const current = generations.findLast(({ state }) => state === "current");
  if (current !== undefined && (chosen === undefined || chosen.state === "previous"))
    log("warning", `this version of the system cannot read generation ${current.number}`, {
      instead: chosen?.number ?? "what the machine starts with",
    });
  if (chosen === undefined || chosen.document === "") return undefined;
  const { number, document, state } = chosen;
  const trial = state === "trial" ? { isOnTrial: true as const } : {};
  return { source: "generation", generation: number, ...trial, content: { text: document } };
}

function isReadable(document: string): boolean {
  if (document === "") return true;
  try {
    decodeMachineConfiguration(document);
    return true;
  } catch (error) {
    if (error instanceof ConfigurationError) return false;
    throw error;
  }
}

async function readDrive(machine: DocumentMachine): Promise<string | undefined> {
  return (await machine.readText(DRIVE_DOCUMENT_PATH)) ?? machine.readDrive?.();
}

/** One that is there but cannot be read is found all the same: a later source must not take its place unseen. */
async function readDocument(
  source: ConfigurationSource,
  read: () => Promise<string | undefined>,
): Promise<FoundDocument | undefined> {
  try {
    const text = await read();
    return text === undefined ? undefined : { source, content: { text } };
  } catch (error) {
    return { source, content: { unreadable: error instanceof Error ? error.message : String(error) } };
  }
}
