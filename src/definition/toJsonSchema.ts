import { z } from "zod";
import { layerSchema } from "./schema.ts";

/** The form of a definition for editors (JSON Schema 2020-12), in YAML by a first line `# yaml-language-server: $schema=…`. */
export function toJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(layerSchema, { io: "input", target: "draft-2020-12" });
  return {
    $schema,
    title: "Socle definition",
    description: "An immutable system, as socle builds it. docs/definition.md explains each key.",
    ...schema,
    // What findContradictions asks for: a system of its own, or changes to another.
    anyOf: [{ required: ["id", "version"] }, { required: ["extends"] }],
  };
}
