/** What the kernel says about its own defences, in securityfs: lockdown (kernel_lockdown(7)) and IPE (admin-guide/LSM/ipe). */

const FOLDER = "/sys/kernel/security";
export const LOCKDOWN_PATH = `${FOLDER}/lockdown`;
export const IPE_FOLDER = `${FOLDER}/ipe`;

const LOCKDOWN_WORDS = ["none", "integrity", "confidentiality"] as const;
export type Lockdown = (typeof LOCKDOWN_WORDS)[number];

/** `none [integrity] confidentiality`: the word in brackets holds. Undefined for anything else. */
export function parseLockdown(text: string): Lockdown | undefined {
  const chosen = /\[([a-z]+)\]/.exec(text)?.[1];
  return LOCKDOWN_WORDS.find((word) => word === chosen);
}

/** A policy that the kernel has loaded; it took it only with a signature that it trusts. */
export interface ExecutionPolicy {
  readonly name: string;
  /** Three numbers, e.g. `1.0.0`. */
  readonly version: string;
  readonly active: boolean;
}

export interface ExecutionControlStatus {
  /** Whether the kernel has the security module. */
  readonly supported: boolean;
  /** Whether a policy is active and what it denies is refused, not only logged. */
  readonly enforced: boolean;
  /** Sorted by name. */
  readonly policies: readonly ExecutionPolicy[];
}

export const NO_EXECUTION_CONTROL: ExecutionControlStatus = {
  supported: false,
  enforced: false,
  policies: [],
};

/** @param enforce content of the kernel's switch; `1` is its state at start, also without any policy */
export function toExecutionControlStatus(
  enforce: string,
  policies: readonly ExecutionPolicy[],
): ExecutionControlStatus {
  return {
    supported: true,
    enforced: enforce.trim() === "1" && policies.some(({ active }) => active),
    policies: policies.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
