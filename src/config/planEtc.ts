import { ConfigurationError, describeConfigurationProblem } from "./configurationError.ts";
import type { HostName, MachineConfiguration } from "./machineConfiguration.ts";
import { parseMachineId } from "./machineId.ts";
import { decodeMachineConfiguration } from "./parseMachineConfiguration.ts";
import { renderEtc, type EtcFile } from "./renderEtc.ts";

/** Where a machine's document can come from; the first in this order that is there counts, right or wrong. */
export type ConfigurationSource = "credential" | "file";

export interface FoundDocument {
  readonly source: ConfigurationSource;
  /** Its text, or why it could not be read. */
  readonly content: { readonly text: string } | { readonly unreadable: string };
}

/** What a boot made of the document; kept in /run/socle/configuration.json for the agent's status. */
export type ConfigurationOutcome =
  | { readonly state: "none"; readonly source: null; readonly problems: readonly [] }
  | { readonly state: "applied"; readonly source: ConfigurationSource; readonly problems: readonly [] }
  | { readonly state: "refused"; readonly source: ConfigurationSource; readonly problems: readonly string[] };

export interface BootFacts {
  /** Whether an overlay lies on /etc. */
  readonly etcIsMounted: boolean;
  /** Whether an earlier run was cut off and left the layer mounted. */
  readonly layerIsMounted: boolean;
  /** The content of /etc/machine-id, as the initrd or PID 1 has put it there. */
  readonly machineId: string | undefined;
  readonly document: FoundDocument | undefined;
}

export type EtcStep =
  | { readonly kind: "mount-layer" }
  | { readonly kind: "unmount-layer" }
  | { readonly kind: "write-file"; readonly file: EtcFile }
  | { readonly kind: "set-hostname"; readonly hostname: HostName }
  | { readonly kind: "mount-etc" }
  | { readonly kind: "record"; readonly outcome: ConfigurationOutcome };

/**
 * What is left to do until /etc is in place; nothing when it is. A document that is refused changes
 * nothing: the machine boots with what its image says, and can be reached to be given another one.
 */
export function planEtc({ etcIsMounted, layerIsMounted, machineId, document }: BootFacts): EtcStep[] {
  if (etcIsMounted) return [];
  const { configuration, outcome } = judge(document);
  const files = renderEtc(configuration, { machineId: parseMachineId(machineId) });
  const { hostname } = configuration;
  return [
    ...(layerIsMounted ? [{ kind: "unmount-layer" as const }] : []),
    { kind: "mount-layer" },
    ...files.map((file) => ({ kind: "write-file" as const, file })),
    ...(hostname === undefined ? [] : [{ kind: "set-hostname" as const, hostname }]),
    // Also without a file to lay over: on every such machine /etc is then one read-only overlay.
    { kind: "mount-etc" },
    // The overlay keeps its own hold on the layer. With its path gone, nobody can write below /etc.
    { kind: "unmount-layer" },
    { kind: "record", outcome },
  ];
}

const NOTHING: MachineConfiguration = { interfaces: [] };

function judge(document: FoundDocument | undefined): {
  configuration: MachineConfiguration;
  outcome: ConfigurationOutcome;
} {
  if (document === undefined) {
    return { configuration: NOTHING, outcome: { state: "none", source: null, problems: [] } };
  }
  const { source, content } = document;
  const toRefused = (problems: readonly string[]) => ({
    configuration: NOTHING,
    outcome: { state: "refused", source, problems } as const,
  });
  if ("unreadable" in content) return toRefused([`the document cannot be read: ${content.unreadable}`]);
  try {
    const configuration = decodeMachineConfiguration(content.text);
    return { configuration, outcome: { state: "applied", source, problems: [] } };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return toRefused(error.problems.map(describeConfigurationProblem));
  }
}
