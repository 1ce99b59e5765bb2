import type { EtcFile } from "./etcFile.ts";
import { judgeDocument, type ConfigurationOutcome, type FoundDocument } from "./judgeDocument.ts";
import type { HostName, MachineConfiguration } from "./machineConfiguration.ts";
import { parseMachineId } from "./machineId.ts";
import { renderEtc } from "./renderEtc.ts";
import { JOURNAL_UPLOAD_UNIT, toUnitOf } from "./unitsOfFiles.ts";

export interface BootFacts {
  /** Whether what lies on /etc is to give way to what the document says now. */
  readonly again?: boolean;
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
  /** Only while the image's /etc can be seen. */
  | { readonly kind: "set-image-hostname" }
  | { readonly kind: "unmount-etc" }
  | { readonly kind: "mount-etc" }
  | { readonly kind: "record"; readonly outcome: ConfigurationOutcome }
  | AfterStep;

/** What comes once /etc is in place. One of these that fails is told, and keeps nothing else from being done. */
export type AfterStep =
  | { readonly kind: "set-kernel-setting"; readonly path: string; readonly value: string }
  | { readonly kind: "reload-units" }
  | { readonly kind: "start-units"; readonly units: readonly string[] };

/**
 * What is left to do until /etc is in place; nothing when it is. A document that is refused changes
 * nothing: the machine boots with what its image says, and can be reached to be given another one.
 */
export function planEtc(facts: BootFacts): EtcStep[] {
  const { again = false, etcIsMounted, layerIsMounted, machineId, document } = facts;
  if (etcIsMounted && !again) return [];
  const { configuration, outcome } = judgeDocument(document);
  const files = renderEtc(configuration, { machineId: parseMachineId(machineId) });
  const { hostname } = configuration;
  const toWrite = (file: EtcFile): EtcStep => ({ kind: "write-file", file });
  return [
    ...(layerIsMounted ? [{ kind: "unmount-layer" as const }] : []),
    { kind: "mount-layer" },
    ...files.filter((file) => !isAfterImage(file)).map(toWrite),
    ...(hostname === undefined ? [] : [{ kind: "set-hostname" as const, hostname }]),
    // From here until the next one lies on it, /etc is the image's: an overlay on an overlay would show the old one's files.
    ...(etcIsMounted ? [{ kind: "unmount-etc" as const }] : []),
    ...(etcIsMounted && hostname === undefined ? [{ kind: "set-image-hostname" as const }] : []),
    ...files.filter(isAfterImage).map(toWrite),
    // Also without a file to lay over: on every such machine /etc is then one read-only overlay.
    { kind: "mount-etc" },
    // The overlay keeps its own hold on the layer. With its path gone, nobody can write below /etc.
    { kind: "unmount-layer" },
    { kind: "record", outcome },
    ...planAfter(configuration, files, again),
  ];
}

/** It begins with what the image has, which an overlay on /etc would hide. */
function isAfterImage(file: EtcFile): boolean {
  return !("target" in file) && file.afterImage === true;
}

/**
 * For what reads /etc before this program runs: the kernel's settings, and the units that PID 1 knows. While the machine
 * runs, units are for whoever has it done again: this program would wait for those that wait for it.
 */
function planAfter(
  configuration: MachineConfiguration,
  files: readonly EtcFile[],
  again: boolean,
): AfterStep[] {
  const units = files.flatMap(({ path }) => toUnitOf(path) ?? []);
  if (configuration.logs.uploadUrl !== undefined) units.push(JOURNAL_UPLOAD_UNIT);
  const isForManager = files.some(({ path }) => /^systemd\/system(?:\.conf\.d)?\//.test(path));
  return [
    ...configuration.sysctls.map(({ name, value }) => ({
      kind: "set-kernel-setting" as const,
      path: toSettingPath(name),
      value,
    })),
    ...(isForManager && !again ? [{ kind: "reload-units" as const }] : []),
    ...(units.length > 0 && !again ? [{ kind: "start-units" as const, units }] : []),
  ];
}

/** Below /proc/sys. sysctl.d(5): a dot parts, and a slash stands for a dot. */
function toSettingPath(name: string): string {
  return name.replaceAll(/[./]/g, (separator) => (separator === "." ? "/" : "."));
}
