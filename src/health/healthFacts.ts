/** What one look at the machine has shown. Plain values; `judgeHealth` makes checks of them. */
export interface HealthFacts {
  readonly units: readonly UnitFacts[];
  readonly probes: readonly ProbeFacts[];
  readonly freeSpace: readonly FreeSpaceFacts[];
  /** From the kernel's start to this look. */
  readonly bootUs: number;
  readonly memoryBytes: number;
}

export interface UnitFacts {
  readonly name: string;
  /** In systemd's words, e.g. `active`, `activating`, `failed`. */
  readonly state: string;
  /** Of its last run, e.g. `success`, `exit-code`; empty for units that run nothing. */
  readonly result: string;
  /** How often systemd has started it again by itself. */
  readonly restarts: number;
  /** Whether its main program was started at least once. */
  readonly hasRun: boolean;
}

export interface ProbeFacts {
  readonly name: string;
  readonly isWell: boolean;
  /** One sentence or the last lines of output. */
  readonly says: string;
}

export interface FreeSpaceFacts {
  readonly path: string;
  /** For a user without privileges. Undefined: the folder could not be asked. */
  readonly freeBytes: number | undefined;
}
