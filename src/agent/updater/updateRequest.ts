// zod/mini: a third of the size in the bundle, and no code made at run time.
import * as z from "zod/mini";

const aim = z.strictObject({
  repository: z.optional(z.string()),
  channel: z.optional(z.string()),
  version: z.optional(z.string()),
  allowDowngrade: z.boolean(),
  retryFailed: z.boolean(),
});
const start = {
  id: z.string().check(z.minLength(1)),
  caller: z.string(),
  since: z.iso.datetime(),
  /** Restart when it is time. */
  reboot: z.boolean(),
};
const schema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...start,
    kind: z.literal("apply"),
    aim,
    /** The gates that keep the machine from doing something by itself count as well. */
    asks: z.enum(["person", "machine"]),
  }),
  z.strictObject({
    ...start,
    kind: z.literal("rollback"),
    /** Once it is chosen. */
    goal: z.optional(
      z.discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("go-back"),
          version: z.string(),
          deployment: z.strictObject({ rootHash: z.string(), ukiSha256: z.string() }),
        }),
        z.strictObject({ kind: z.literal("stay"), version: z.string() }),
      ]),
    ),
  }),
]);

/** What somebody has asked for, kept until it has ended: an updater that was killed takes it up again. */
export type UpdateRequest = z.infer<typeof schema>;
export type ApplyRequest = Extract<UpdateRequest, { kind: "apply" }>;
export type RollbackRequest = Extract<UpdateRequest, { kind: "rollback" }>;

/** Where it is kept: lost at a reboot, as the operation is then over or was cut. */
export interface KeptRequest {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
  remove(): Promise<void>;
}

/** Undefined for none, and for what is none: an updater of another version may have left it. */
export function parseUpdateRequest(text: string | undefined): UpdateRequest | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function encodeUpdateRequest(request: UpdateRequest): string {
  return JSON.stringify(request);
}
