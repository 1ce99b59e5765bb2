import type { ConfigurationProblem } from "#protocol/gen/socle/v1/configuration_pb.ts";

import { callMaintenance, type WaitingMachine } from "./callMaintenance.ts";

export interface ProvideOptions extends WaitingMachine {
  /** JSON or YAML. */
  readonly document: string;
  readonly signal?: AbortSignal;
}

export type ProvidedConfiguration =
  | { readonly kind: "applied"; readonly generation: number }
  /** Nothing was changed. */
  | { readonly kind: "refused"; readonly problems: readonly ConfigurationProblem[] };

/** The machine judges its health with the configuration before it answers. */
const TIMEOUT_MS = 15 * 60_000;

/** Gives a machine in maintenance mode its first configuration. From then on it asks for certificates. */
export async function provideConfiguration({
  document,
  signal,
  ...machine
}: ProvideOptions): Promise<ProvidedConfiguration> {
  const call = { purpose: "take the configuration", timeoutMs: TIMEOUT_MS, changes: true } as const;
  const { problems, generation } = await callMaintenance(
    machine,
    { ...call, ...(signal === undefined ? {} : { signal }) },
    (client, options) => client.provideConfiguration({ document }, options),
  );
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "applied", generation };
}
