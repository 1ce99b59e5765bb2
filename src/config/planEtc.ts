import { judgeDocument, type ConfigurationOutcome, type FoundDocument } from "./judgeDocument.ts";
import type { HostName } from "./machineConfiguration.ts";
import { parseMachineId } from "./machineId.ts";
import { renderEtc, type EtcFile } from "./renderEtc.ts";

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
  const { configuration, outcome } = judgeDocument(document);
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
