import { toProblem, type Problem } from "#definition/problem.ts";

import { ConfigurationError } from "./configurationError.ts";
import { diffDocuments, type KeyChange } from "./diffDocuments.ts";
import type { EtcFile } from "./etcFile.ts";
import { NO_CONFIGURATION, type MachineConfiguration } from "./machineConfiguration.ts";
import { decodeDocument, parseMachineConfiguration } from "./parseMachineConfiguration.ts";
import { renderEtc, type EtcFacts } from "./renderEtc.ts";
import { findFileRule, JOURNAL_UPLOAD_UNIT, toUnitOf, type FileChangeKind } from "./unitsOfFiles.ts";

/** What putting a document in force changes, or why it is not put in force. */
export type ApplyPlan = { readonly kind: "refused"; readonly problems: readonly Problem[] } | ApplyChanges;

export interface ApplyChanges {
  readonly kind: "changes";
  readonly configuration: MachineConfiguration;
  readonly keys: readonly KeyChange[];
  /** In the order of their paths. */
  readonly files: readonly FileChange[];
  /** PID 1 reads its units again before any of `units`. */
  readonly reloadsUnits: boolean;
  readonly units: readonly UnitChange[];
  /** Why the machine has to restart before all of it is in force; empty: it need not. */
  readonly rebootFor: readonly string[];
  /** Whether a restart of the machine ends it: the machine keeps nothing. */
  readonly goneAfterReboot: boolean;
}

export interface FileChange {
  readonly kind: FileChangeKind;
  readonly path: string;
  /** Undefined for one that is removed. */
  readonly file: EtcFile | undefined;
}

export interface UnitChange {
  readonly kind: "reload" | "restart" | "start" | "stop";
  readonly unit: string;
}

export interface ApplyFacts extends EtcFacts {
  /** Whether the level has an /etc that is made of the document; elsewhere only `access` and `update` count. */
  readonly rendersEtc?: boolean;
  /** Whether the level has a /var that is there after a restart, with what was put in force. */
  readonly keepsGenerations?: boolean;
}

/**
 * From the document in force to another; both as text, undefined for none. One in force that is refused counts
 * as none: the machine is as its image says. The new one is judged as a whole, and refused as a whole.
 */
export function planApply(
  current: string | undefined,
  next: string | undefined,
  facts: ApplyFacts = {},
): ApplyPlan {
  const from = decode(current);
  const to = decode(next);
  if ("problems" in to) return { kind: "refused", problems: to.problems };
  const { rendersEtc = true, keepsGenerations = true } = facts;
  const goneAfterReboot = !keepsGenerations;
  if (!rendersEtc) return planUnrendered(from.document, to, goneAfterReboot);
  const before = "problems" in from ? NO_CONFIGURATION : from.configuration;
  const files = diffFiles(renderEtc(before, facts), renderEtc(to.configuration, facts));
  return {
    kind: "changes",
    configuration: to.configuration,
    keys: diffDocuments(from.document, to.document),
    files,
    reloadsUnits: files.some(({ path }) => findFileRule(path)?.isForManager === true),
    units: toUnitChanges(files),
    rebootFor: toRebootReasons(files),
    goneAfterReboot,
  };
}

interface Judged {
  readonly document: unknown;
  readonly configuration: MachineConfiguration;
}

type Decoded = Judged | { readonly document: unknown; readonly problems: readonly Problem[] };

function planUnrendered(
  from: unknown,
  { document, configuration }: Judged,
  goneAfterReboot: boolean,
): ApplyPlan {
  const problems = refuseUnrendered(document);
  if (problems.length > 0) return { kind: "refused", problems };
  const nothing = { files: [], reloadsUnits: false, units: [], rebootFor: [], goneAfterReboot };
  return { kind: "changes", configuration, keys: diffDocuments(from, document), ...nothing };
}

const READ_EVERYWHERE = ["apiVersion", "kind", "access", "update"];

/** The keys of a right document that would have no effect on a machine whose /etc is not rendered. */
export function refuseUnrendered(document: unknown): Problem[] {
  return Object.entries(typeof document === "object" && document !== null ? document : {})
    .filter(([key]) => !READ_EVERYWHERE.includes(key))
    .map(([key, value]) =>
      toProblem(
        [key],
        value,
        "no such key on this machine",
        "at its level nothing is rendered into /etc: only access and update count",
      ),
    );
}

/** No document at all has the same effect as the smallest one. */
function decode(text: string | undefined): Decoded {
  if (text === undefined) return { document: {}, configuration: NO_CONFIGURATION };
  let document: unknown = {};
  try {
    document = decodeDocument(text);
    return { document, configuration: parseMachineConfiguration(document) };
  } catch (error) {
    if (error instanceof ConfigurationError) return { document, problems: error.problems };
    throw error;
  }
}

function diffFiles(before: readonly EtcFile[], after: readonly EtcFile[]): FileChange[] {
  const old = new Map(before.map((file) => [file.path, JSON.stringify(file)]));
  const left = new Set(after.map(({ path }) => path));
  const changes: FileChange[] = [
    ...after.flatMap((file) => {
      const { path } = file;
      const was = old.get(path);
      if (was === JSON.stringify(file)) return [];
      return [{ kind: was === undefined ? ("added" as const) : ("changed" as const), path, file }];
    }),
    ...before.flatMap(({ path }) =>
      left.has(path) ? [] : [{ kind: "removed" as const, path, file: undefined }],
    ),
  ];
  return changes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Each unit once, and a start before the restart of what may need it. */
function toUnitChanges(files: readonly FileChange[]): UnitChange[] {
  const changes = new Map<string, UnitChange>();
  for (const { kind, path } of files) {
    const own = toUnitOf(path);
    if (own !== undefined && kind === "added") changes.set(own, { kind: "start", unit: own });
    else if (own?.endsWith(".service") === true) {
      changes.set(own, { kind: kind === "removed" ? "stop" : "restart", unit: own });
    }
  }
  for (const { kind, path } of files) {
    const effect = findFileRule(path)?.effect;
    if (effect === undefined || changes.has(effect.unit)) continue;
    // With its file, an uploader loses the address that it sends to.
    const stops = kind === "removed" && effect.unit === JOURNAL_UPLOAD_UNIT;
    changes.set(effect.unit, { ...effect, kind: stops ? "stop" : effect.kind });
  }
  return [...changes.values()];
}

function toRebootReasons(files: readonly FileChange[]): string[] {
  return files.flatMap(({ kind, path }) => {
    const reboot = findFileRule(path)?.reboot;
    return reboot?.on.includes(kind) === true ? [`/etc/${path}: ${reboot.why}`] : [];
  });
}
