// zod/mini: a third of the size in the bundle, and no code made at run time.
import * as z from "zod/mini";

import { SocleError } from "#progress/socleError.ts";
import { UPDATE_MODES } from "#definition/updateTexts.ts";

import type { ImageUpdateDefaults } from "./updatePolicy.ts";

/** Written by the build from the definition's section `update`, read by the updater. */
export const IMAGE_UPDATE_PATH = "/usr/lib/socle/update.json";

// zod/mini comes without words for its errors.
z.config(z.locales.en());

const seconds = z.int().check(z.nonnegative());

const schema = z.strictObject({
  repository: z.optional(z.string().check(z.minLength(1))),
  channel: z.string().check(z.minLength(1)),
  mode: z.enum(UPDATE_MODES),
  window: z.optional(
    z.strictObject({
      days: z.array(z.int().check(z.minimum(1), z.maximum(7))).check(z.minLength(1)),
      startMinute: z.int().check(z.minimum(0), z.maximum(1439)),
      minutes: z.int().check(z.minimum(1), z.maximum(1440)),
      timeZone: z.string().check(z.minLength(1)),
    }),
  ),
  spreadSeconds: seconds,
  minimumAgeSeconds: seconds,
  floor: z.optional(z.string().check(z.minLength(1))),
});

export class ImageUpdateError extends SocleError<"image-update-defaults"> {
  override readonly name = "ImageUpdateError";
}

export function encodeImageUpdateDefaults(defaults: ImageUpdateDefaults): string {
  return `${JSON.stringify(schema.parse(defaults), null, 2)}\n`;
}

/** @throws {ImageUpdateError} */
export function parseImageUpdateDefaults(text: string): ImageUpdateDefaults {
  try {
    // Keys that are not there are absent, as the type wants: JSON has no undefined.
    return schema.parse(JSON.parse(text)) as ImageUpdateDefaults;
  } catch (cause) {
    const why = cause instanceof z.core.$ZodError ? z.prettifyError(cause) : String(cause);
    throw new ImageUpdateError("image-update-defaults", `Cannot read "${IMAGE_UPDATE_PATH}": ${why}`, {
      hint: "The file is written by socle build; the updater can only run in an image of its own version.",
      cause,
    });
  }
}
