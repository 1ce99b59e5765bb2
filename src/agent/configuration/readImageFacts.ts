import type { GenerationFiles } from "./readGenerations.ts";

/** What choosing and applying a configuration has to know of the system that runs. */
export interface ImageFacts {
  readonly version: string;
  readonly bootId: string;
  /** Whether /etc is made of the document. */
  readonly rendersEtc: boolean;
  /** Whether what is put in force is there after a restart: at `total`, /var is in memory. */
  readonly keepsGenerations: boolean;
}

/**
 * By hand: the reader of the whole image description takes longer to load than all else that an early boot does. What is
 * missing is empty; the agent tells of an image without a description.
 */
export async function readImageFacts(files: Pick<GenerationFiles, "readText">): Promise<ImageFacts> {
  const [description, bootId] = await Promise.all([
    files.readText("/usr/lib/socle/image.json"),
    files.readText("/proc/sys/kernel/random/boot_id"),
  ]);
  const { version, policies } = parse(description ?? "{}");
  return {
    version: typeof version === "string" ? version : "",
    bootId: bootId?.trim() ?? "",
    rendersEtc: policies?.["etc"] === "rendered",
    keepsGenerations: policies?.["var"] !== "temporary",
  };
}

interface Description {
  readonly version?: unknown;
  readonly policies: Readonly<Record<string, unknown>> | undefined;
}

function parse(description: string): Description {
  const value: unknown = JSON.parse(description);
  const { version, policies } = toRecord(value) ?? {};
  return { version, policies: toRecord(policies) };
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined; // any keys it has
}
