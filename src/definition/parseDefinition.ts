import { listProbeSources, toHealthContract } from "#health/toHealthContract.ts";
import { toDebugPolicy } from "./debugPolicy.ts";
import { DEFAULTS } from "./defaults.ts";
import type { Definition, DefinitionFile } from "./definition.ts";
import { DefinitionError } from "./definitionError.ts";
import { findDocumentFile, findFileProblems, toDocument } from "./embeddedDocument.ts";
import { findContradictions, toPartitionSizes } from "./findContradictions.ts";
import { findSchemaProblems } from "./findSchemaProblems.ts";
import { defaultExecutionControl, toTreePolicies } from "./levels.ts";
import { parseMode } from "./parseMode.ts";
import { parseSourceDate } from "./parseSourceDate.ts";
import { toProblem } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { layerSchema } from "./schema.ts";
import type { FlatLayer } from "./schema.ts";
import { toImageUpdateDefaults } from "./toImageUpdateDefaults.ts";

/** What was read for each `source` of the files, by the text of `source`; or why it could not be read. */
export type SourceContents = ReadonlyMap<string, Uint8Array | Error>;

/**
 * The only way to a `Definition`. `input` has its bases merged in (`extendLayer`) and `sources` has
 * what its files name (`listSources`), since nothing here touches a disk; `loadDefinition` does both.
 * @throws {DefinitionError} with all problems at once.
 */
export function parseDefinition(input: unknown, sources: SourceContents = new Map()): Definition {
  const { success: hasForm, data: layer } = layerSchema.safeParse(input);
  if (!hasForm) throw new DefinitionError(findProblems(input));
  const problems = [...findContradictions(layer), ...findUnreadSources(layer, sources)];
  if (problems.length > 0) throw new DefinitionError(problems);
  return complete(layer, sources);
}

/** All problems of a layer whose bases are merged in, apart from sources that cannot be read. */
export function findProblems(input: unknown): Problem[] {
  const problems = findSchemaProblems(input);
  if (typeof input !== "object" || input === null || problems.some(({ keys }) => keys.length === 0))
    return problems;
  const brokenKeys = new Set(problems.map(({ keys }) => keys[0]));
  // Rules read only keys that are not broken, and those are as the schema wants them.
  return [...problems, ...findContradictions(input, brokenKeys)];
}

/** The sources that must be read before a layer can be parsed. */
export function listSources(layer: FlatLayer): string[] {
  const files = Object.values(layer.files ?? {}).flatMap((file) =>
    typeof file === "object" && file.source !== undefined ? [file.source] : [],
  );
  return [...files, ...listProbeSources(layer).values(), ...toList(findDocumentFile(layer))];
}

function findUnreadSources(layer: FlatLayer, sources: SourceContents): Problem[] {
  const find = (keys: string[], source: string) => {
    const read = sources.get(source);
    if (read instanceof Uint8Array) return [];
    return [toProblem(keys, source, "a file that can be read", read?.message)];
  };
  const files = Object.entries(layer.files ?? {}).flatMap(([path, file]) =>
    typeof file === "string" || file.source === undefined ? [] : find(["files", path, "source"], file.source),
  );
  const probes = [...listProbeSources(layer)].flatMap(([name, source]) =>
    find(["health", "probes", name, "function"], source),
  );
  const document = toList(findDocumentFile(layer)).flatMap((source) => {
    const read = sources.get(source);
    return read instanceof Uint8Array
      ? findFileProblems(layer, read)
      : find(["configuration", "file"], source);
  });
  return [...files, ...probes, ...document];
}

function toList<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function complete(layer: FlatLayer, sources: SourceContents): Definition {
  const { id, version, distribution = {}, kernel = {}, units = {} } = layer;
  if (id === undefined || version === undefined)
    throw new TypeError("findContradictions let through no id or version");
  const date = parseSourceDate(layer.sourceDate ?? DEFAULTS.sourceDate);
  const policies = toTreePolicies(layer.level ?? DEFAULTS.level);
  const documentFile = sources.get(findDocumentFile(layer) ?? "");
  const configuration = toDocument(layer, documentFile instanceof Uint8Array ? documentFile : undefined);
  if ("wanted" in date) throw new TypeError("the schema let through a source date that is none");
  return {
    id,
    version,
    name: layer.name ?? id,
    distribution: {
      suite: distribution.suite ?? DEFAULTS.suite,
      components: unique(distribution.components ?? DEFAULTS.components),
    },
    packages: unique(layer.packages).sort(),
    files: toFiles(layer, sources),
    units: {
      enable: unique(units.enable).sort(),
      disable: unique(units.disable).sort(),
      mask: unique(units.mask).sort(),
      restartable: unique(units.restartable).sort(),
    },
    // In the order written: modules can depend on it, and of two equal arguments the last one counts.
    kernel: {
      package: kernel.package ?? DEFAULTS.kernelPackage,
      modules: unique(kernel.modules),
      initrdModules: unique(kernel.initrdModules),
      arguments: unique(kernel.arguments),
    },
    hostname: layer.hostname ?? id,
    timeZone: layer.timeZone ?? DEFAULTS.timeZone,
    locale: layer.locale ?? DEFAULTS.locale,
    policies,
    executionControl: layer.executionControl ?? defaultExecutionControl(policies),
    root: { compression: layer.root?.compression ?? DEFAULTS.compression },
    disk: toPartitionSizes(layer),
    bootTries: layer.bootTries ?? DEFAULTS.bootTries,
    health: toHealthContract(layer.health, policies),
    update: toImageUpdateDefaults(layer.update),
    debug: toDebugPolicy(layer.debug),
    ...(configuration === undefined ? {} : { configuration }),
    sourceDateEpoch: date.sourceDateEpoch,
  };
}

function unique(words: readonly string[] = []): string[] {
  return [...new Set(words)];
}

function toFiles({ files = {} }: FlatLayer, sources: SourceContents): Record<string, DefinitionFile> {
  return Object.fromEntries(
    Object.entries(files)
      .sort(([a], [b]) => (a < b ? -1 : 1)) // by code units: the locale of the builder must not matter
      .map(([path, file]) => [path, toFile(file, sources)]),
  );
}

function toFile(file: NonNullable<FlatLayer["files"]>[string], sources: SourceContents): DefinitionFile {
  if (typeof file === "string") return toFile({ content: file }, sources);
  const mode = parseMode(file.mode ?? DEFAULTS.fileMode);
  const bytes = file.source === undefined ? undefined : sources.get(file.source);
  if ("wanted" in mode || bytes instanceof Error)
    throw new TypeError("a mode or source was let through that is none");
  const content =
    bytes === undefined ? { content: file.content ?? "", encoding: "utf8" as const } : toContent(bytes);
  return { ...content, mode: mode.mode, owner: file.owner ?? DEFAULTS.fileOwner };
}

function toContent(bytes: Uint8Array): Pick<DefinitionFile, "content" | "encoding"> {
  try {
    // ignoreBOM keeps the mark: the image gets the bytes that the source has.
    return {
      content: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
      encoding: "utf8",
    };
  } catch {
    return { content: Buffer.from(bytes).toString("base64"), encoding: "base64" };
  }
}
