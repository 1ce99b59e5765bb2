import { z } from "zod";
import { refuse } from "./schemaParts.ts";
import { TEXT_RULES } from "./textRules.ts";

/**
 * The key `configuration` of a definition, as it is written: a document, whose form is src/config's to check
 * (embeddedDocument.ts), or a file that holds one.
 */
export const configuration = z
  .record(z.string(), z.unknown(), { error: "a machine configuration, or an object with file" })
  .superRefine((value, context) => {
    if (!Object.hasOwn(value, "file")) return;
    const { file, ...others } = value;
    const { pattern, wanted, refuse: refuseText } = TEXT_RULES.source;
    if (typeof file !== "string" || !pattern.test(file))
      refuse(context, `an object with file: ${wanted}`, {});
    else if (refuseText?.(file) !== undefined) refuse(context, wanted, refuseText(file) ?? {});
    else if (Object.keys(others).length > 0)
      refuse(context, "an object with file, and nothing beside it", {});
  })
  .meta({
    anyOf: [
      { required: ["file"], properties: { file: { type: "string" } }, additionalProperties: false },
      { required: ["apiVersion", "kind"], not: { required: ["file"] } },
    ],
  });
