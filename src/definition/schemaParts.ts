import { z } from "zod";
import type { Refusal, TextRule } from "./textRules.ts";

/**
 * The kinds of values that the schema is made of. Each names what is wanted, since "Invalid input"
 * helps nobody; hints travel as `params.hint` of an issue.
 */

export function refuse(
  context: z.core.$RefinementCtx,
  message: string,
  { wanted = message, hint }: Refusal,
): void {
  context.addIssue({ code: "custom", message: wanted, params: { hint } });
}

export function text(rule: TextRule) {
  return z
    .string({ error: rule.wanted })
    .superRefine((value, context) => {
      const refusal = rule.pattern.test(value) ? rule.refuse?.(value) : { hint: rule.hint?.(value) };
      if (refusal !== undefined) refuse(context, rule.wanted, refusal as Refusal);
    })
    .meta({ pattern: rule.pattern.source });
}

/** A text or a number that one of the parse functions reads. */
export function scalar(pattern: RegExp, wanted: string, parse: (value: string | number) => object | Refusal) {
  return z
    .union([z.string().meta({ pattern: pattern.source }), z.number()], { error: wanted })
    .superRefine((value, context) => {
      const result = parse(value);
      if ("wanted" in result) refuse(context, wanted, result);
    });
}

export function list(rule: TextRule) {
  return z.array(text(rule), { error: `a list, each item ${rule.wanted}` });
}

export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape, wanted: string) {
  const error = (issue: { code: string }) => (issue.code === "invalid_type" ? wanted : undefined);
  return z.strictObject(shape, { error: error as z.core.$ZodErrorMap });
}

export function choice<const Names extends readonly string[]>(names: Names) {
  return z.enum(names, { error: `one of ${names.map((name) => `"${name}"`).join(", ")}` });
}

/** An optional key with its documentation. */
export function key<Schema extends z.ZodType>(schema: Schema, description: string, fallback?: unknown) {
  return schema.optional().meta({ description, ...(fallback === undefined ? {} : { default: fallback }) });
}

export function names<Table extends object>(
  table: Table,
): [keyof Table & string, ...(keyof Table & string)[]] {
  return Object.keys(table) as [keyof Table & string]; // the tables of levels are not empty
}
