import { encodeGeneration } from "#config/generationRecord.ts";
import { foundHealthy } from "#config/generations.ts";

import type { HealthMachine } from "../health/healthMachine.ts";
import type { Log } from "../log.ts";
import { readText } from "../machineFacts.ts";
import { CONFIGURATION_OUTCOME_PATH, parseConfigurationOutcome } from "./configurationOutcome.ts";
import { readGenerations, toGenerationPath } from "./readGenerations.ts";
import { readImageFacts } from "./readImageFacts.ts";

/**
 * After a good boot: the configuration that it started with is one that this version of the system is healthy with. What goes
 * wrong here makes the boot no worse.
 */
export async function noteHealthyConfiguration(
  machine: Pick<HealthMachine, "readFile" | "listFolder" | "writeDurably">,
  log: Log,
): Promise<void> {
  const files = {
    readText: async (path: string) => readText(machine, path),
    listFolder: async (path: string) => machine.listFolder(path),
  };
  try {
    const outcome = parseConfigurationOutcome(await files.readText(CONFIGURATION_OUTCOME_PATH));
    if (outcome?.state !== "applied" || outcome.source !== "generation") return;
    const generations = await readGenerations(files, log);
    const generation = generations.find(({ number }) => number === outcome.generation);
    // One on trial was not there when the boot began.
    if (generation === undefined || generation.state === "trial") return;
    const healthy = foundHealthy(generation, (await readImageFacts(files)).version);
    if (healthy === generation) return;
    await machine.writeDurably(toGenerationPath(generation.number), encodeGeneration(healthy), 0o600);
    log("info", `configuration generation ${generation.number}: healthy`, { healthyOn: healthy.healthyOn });
  } catch (error) {
    log("warning", "that the configuration is a healthy one cannot be noted", { error });
  }
}
