import type { UpdateStep } from "#boot/updateSteps.ts";

type Sayings = {
  readonly [Kind in UpdateStep["kind"]]: (step: Extract<UpdateStep, { kind: Kind }>) => string;
};

const SAYINGS: Sayings = {
  "repair-table": () => "makes both copies of the partition table the same",
  "make-unbootable": ({ slot, fileName }) => `removes "${fileName}": slot ${slot} is about to be written`,
  "remove-file": ({ fileName, reason }) => `removes "${fileName}": ${REASONS[reason]}`,
  "mark-slot": ({ slot, release }) => `marks slot ${slot} as being written with ${release.version}`,
  "write-slot": ({ slot, release }) => `fetches ${release.version} and writes it into slot ${slot}`,
  "verify-slot": ({ slot, release }) =>
    `reads slot ${slot} back, down to the root hash of ${release.version}`,
  "name-slot": ({ slot, release }) => `names slot ${slot}: it holds ${release.version}`,
  "write-uki": ({ fileName }) => `writes the kernel image "${fileName}"`,
  "check-slot": ({ slot }) => `reads slot ${slot} back before the machine goes back to it`,
  "set-aside": ({ fileName }) => `puts "${fileName}" behind all others`,
  "count-anew": ({ fileName }) => `gives "${fileName}" its tries again`,
  "boot-once": ({ fileName }) => `has the loader start "${fileName}" at the next boot`,
  reboot: () => "restarts the machine",
};

const REASONS = {
  "left-over": "a write that was cut short has left it",
  "leads-nowhere": "it leads to no slot",
  superseded: "it is not needed any more",
  rewritten: "it is written anew",
} as const;

/** A sentence for people. */
export function sayStep(step: UpdateStep): string {
  return (SAYINGS[step.kind] as (step: UpdateStep) => string)(step); // the one for this kind
}
