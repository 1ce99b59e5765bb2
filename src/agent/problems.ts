import { findTreeConflicts, toTrees } from "./facts/treeConflicts.ts";
import type { MachineFacts } from "./machineFacts.ts";

/** What is wrong with a machine, one sentence each, the worst first; empty when it is healthy. */
export function findProblems(facts: MachineFacts): string[] {
  return [
    ...findSealProblems(facts),
    ...toTrees(facts.image.policies, facts.mounts).flatMap(findTreeConflicts),
    ...facts.failedUnits.map(({ name, reason }) => `${name} failed: ${reason}`),
    ...facts.unreadable,
  ];
}

type Seal = Pick<MachineFacts, "image" | "verity" | "commandLineRootHash">;

function findSealProblems({ image, verity, commandLineRootHash }: Seal): string[] {
  if (image.policies.usr !== "verified") return [];
  if (verity === undefined) return ['/usr should be "verified", but the root is not on dm-verity'];
  switch (verity.state) {
    case "corrupted":
      return ["the root is corrupted: the kernel read a block that does not match the hash tree"];
    case "unknown":
      return ["whether the root is intact is not known: its dm-verity status could not be read"];
    case "verified":
      if (commandLineRootHash === undefined)
        return ["the kernel command line names no root hash (roothash=)"];
      if (isSameHash(verity.rootHash, commandLineRootHash)) return [];
      return [
        `the kernel verifies the root against "${verity.rootHash ?? "nothing"}", but its command line asks for "${commandLineRootHash}"`,
      ];
  }
}

/** Both are hex; the command line may be in capitals. */
export function isSameHash(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase();
}
