import type { ExecutionControlStatus } from "./facts/kernelSecurity.ts";
import { describeNotPristine } from "./facts/notPristine.ts";
import { findTreeConflicts, toTrees } from "./facts/treeConflicts.ts";
import type { MachineFacts } from "./machineFacts.ts";

/** What is wrong with a machine, one sentence each, the worst first; empty when it is healthy. */
export function findProblems(facts: MachineFacts): string[] {
  return [
    ...findSealProblems(facts),
    ...findTrustProblems(facts),
    ...toTrees(facts.image.policies, facts.mounts).flatMap(findTreeConflicts),
    ...facts.failedUnits.map(({ name, reason }) => `${name} failed: ${reason}`),
    ...(facts.notPristine === undefined ? [] : [describeNotPristine(facts.notPristine)]),
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

type Trust = Pick<MachineFacts, "image" | "verity" | "secureBoot" | "executionControl">;

/** Without Secure Boot the kernel has no keys to check with: then nothing of this can be, and nothing of it is missing. */
function findTrustProblems({ image, verity, secureBoot, executionControl }: Trust): string[] {
  if (secureBoot !== true) return [];
  const problems: string[] = [];
  if (verity !== undefined && verity.state !== "unknown" && !verity.signed)
    problems.push("Secure Boot is on, but the kernel checked no signature of the root hash");
  if (image.executionControl === "signed" && !executionControl.enforced)
    problems.push(
      `Secure Boot is on, and only signed code should run, but ${explainUnenforced(executionControl)}`,
    );
  return problems;
}

function explainUnenforced({ supported, policies }: ExecutionControlStatus): string {
  if (!supported) return "the kernel has no execution control, or it could not be read";
  if (policies.length === 0) return "no execution policy is loaded";
  if (!policies.some(({ active }) => active)) return "no execution policy is active";
  return "the kernel does not enforce the execution policy";
}

/** Both are hex; the command line may be in capitals. */
export function isSameHash(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase();
}
