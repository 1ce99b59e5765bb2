// zod/mini: a third of the size in the bundle, and no code made at run time.
import * as z from "zod/mini";
import { ETC_POLICIES, EXECUTION_CONTROLS, LEVELS, USR_POLICIES, VAR_POLICIES } from "#definition/levels.ts";
import type { EtcPolicy, UsrPolicy, VarPolicy } from "#definition/levels.ts";
import { AgentError } from "../agentError.ts";

export type SlotName = "A" | "B";

export const IMAGE_DESCRIPTION_PATH = "/usr/lib/socle/image.json";

// zod/mini comes without words for its errors.
z.config(z.locales.en());

const partitionNumber = z.int().check(z.positive());

const schema = z.strictObject({
  id: z.string().check(z.minLength(1)),
  version: z.string().check(z.minLength(1)),
  name: z.string(),
  level: z.enum([...keysOf(LEVELS), "custom"]),
  policies: z.strictObject({
    usr: z.enum(keysOf<UsrPolicy>(USR_POLICIES)),
    etc: z.enum(keysOf<EtcPolicy>(ETC_POLICIES)),
    var: z.enum(keysOf<VarPolicy>(VAR_POLICIES)),
  }),
  /** Partition number of each root slot; empty when the root is not in a slot. */
  rootSlots: z.strictObject({ A: z.optional(partitionNumber), B: z.optional(partitionNumber) }),
  /** `signed`: under Secure Boot the kernel is to run code from the signed root only. */
  executionControl: z._default(z.enum(EXECUTION_CONTROLS), "off"),
  /** How often a new version may fail to boot. */
  bootTries: z._default(z.int().check(z.positive()), 3),
  /** With which keys the image was signed; `development` ones were made on first use, to try things out. */
  signing: z.optional(z.enum(["development", "project"])),
  /** When it was made from: a right clock cannot say less. */
  sourceDate: z.optional(z.iso.datetime()),
});

/** What the build wrote into the image about it. */
export type ImageDescription = z.infer<typeof schema>;

export function parseImageDescription(text: string): ImageDescription {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.core.$ZodError ? z.prettifyError(error) : String(error);
    throw new AgentError("image-description", `Cannot read "${IMAGE_DESCRIPTION_PATH}": ${why}`, {
      hint: "The file is written by socle build; an agent can only run in an image of its own version.",
      cause: error,
    });
  }
}

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(table) as Key[]; // the tables are constants without other keys
}
