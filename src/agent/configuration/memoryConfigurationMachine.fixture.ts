import { encodeGeneration } from "#config/generationRecord.ts";
import { confirm, startTrial } from "#config/generations.ts";
import { judgeDocument } from "#config/judgeDocument.ts";

import { findDocument } from "../findDocument.ts";
import type { ConfigurationMachine } from "./configurationMachine.ts";
import { CONFIGURATION_OUTCOME_PATH } from "./configurationOutcome.ts";
import { toGenerationPath } from "./readGenerations.ts";

export const BOOT = "11111111-1111-4111-8111-111111111111";

export function toDocument(hostname: string, more: object = {}): string {
  return JSON.stringify({ apiVersion: "socle/v1", kind: "MachineConfiguration", hostname, ...more });
}

/** What happens to the change of that number, counted from 1: it fails, or the process is killed before or after it. */
export interface Mishap {
  readonly at: number;
  readonly kind: "fails" | "killed before" | "killed after";
}

/** A machine that is only data; its configure.mjs is two lines. */
export class MemoryConfigurationMachine implements ConfigurationMachine {
  readonly files = new Map<string, string>();
  /** What it was asked to do, in order. */
  readonly changes: string[] = [];
  credential: string | undefined;
  mishap: Mishap | undefined;
  #killed = false;

  get isKilled(): boolean {
    return this.#killed;
  }

  constructor(etc = "rendered") {
    this.files.set("/usr/lib/socle/image.json", JSON.stringify({ version: "1.0", policies: { etc } }));
    this.restart(BOOT);
  }

  /** Another boot: what lies in memory is gone, and configure.mjs has run. */
  restart(bootId: string): void {
    this.files.set("/proc/sys/kernel/random/boot_id", `${bootId}\n`);
    this.files.delete(CONFIGURATION_OUTCOME_PATH);
    this.revive();
  }

  /** Another process on the same machine. */
  revive(): void {
    this.#killed = false;
    this.mishap = undefined;
    this.changes.length = 0;
  }

  async boot(): Promise<void> {
    const found = await findDocument(this, () => {});
    this.files.set(CONFIGURATION_OUTCOME_PATH, JSON.stringify(judgeDocument(found).outcome));
  }

  /** The host name of the document that the machine follows, as its outcome says; "none" for none. */
  get followed(): string {
    const outcome = JSON.parse(this.files.get(CONFIGURATION_OUTCOME_PATH) ?? "{}") as {
      source?: string | null;
      generation?: number;
    };
    if (outcome.source !== "generation") return outcome.source ?? "none";
    const record = JSON.parse(this.files.get(toGenerationPath(outcome.generation ?? 0)) ?? "{}") as {
      document?: string;
    };
    return (JSON.parse(record.document ?? "{}") as { hostname?: string }).hostname ?? "gone";
  }

  /** One that is in force already. */
  async give(number: number, document: string): Promise<void> {
    const given = startTrial(number, { document, who: "ada", reason: "", bootId: "" }, new Date(0));
    this.files.set(toGenerationPath(number), encodeGeneration(confirm(given)));
    await this.boot();
  }

  async readText(path: string): Promise<string | undefined> {
    return this.files.get(path);
  }

  async listFolder(folder: string): Promise<string[]> {
    const paths = [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`));
    return paths.map((path) => path.slice(folder.length + 1));
  }

  async readCredential(): Promise<string | undefined> {
    return this.credential;
  }

  async writeDurably(path: string, content: string): Promise<void> {
    await this.#change(`write ${path.split("/").at(-1)}`, async () => void this.files.set(path, content));
  }

  async remove(path: string): Promise<void> {
    await this.#change(`remove ${path.split("/").at(-1)}`, async () => void this.files.delete(path));
  }

  async reloadConfiguration(): Promise<void> {
    await this.#change("reload configuration", async () => this.boot());
  }

  async reloadUnits(): Promise<void> {
    await this.#change("reload units", async () => {});
  }

  async changeUnit(kind: string, unit: string): Promise<void> {
    await this.#change(`${kind} ${unit}`, async () => {});
  }

  async #change(what: string, act: () => Promise<void>): Promise<void> {
    if (this.#killed) return hang();
    this.changes.push(what);
    const { at, kind } = this.mishap ?? { at: 0, kind: "fails" };
    if (at !== this.changes.length) return act();
    if (kind === "fails") throw new Error(`${what} has failed`);
    if (kind === "killed after") await act();
    this.#killed = true;
    return hang();
  }
}

/** A killed process does nothing more. */
async function hang(): Promise<never> {
  return new Promise<never>(() => {});
}
