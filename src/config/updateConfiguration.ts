import type { UpdatePolicy } from "#boot/policy/updatePolicy.ts";

/**
 * What a machine's document says of updates, over what its image says. Not here: the floor, which only
 * the image sets; whoever can write a document could else open the way to old, known holes.
 */
export type UpdateConfiguration = Partial<Omit<UpdatePolicy, "floor" | "refused">>;
