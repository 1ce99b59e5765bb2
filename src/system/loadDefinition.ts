import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Definition } from "#definition/definition.ts";
import { DefinitionError } from "#definition/definitionError.ts";
import { findDocumentFile } from "#definition/embeddedDocument.ts";
import { extendLayer } from "#definition/extendLayer.ts";
import { listProbeSources } from "#health/toHealthContract.ts";
import { findSchemaProblems } from "#definition/findSchemaProblems.ts";
import { parseChecks, refuseChecks } from "#definition/parseChecks.ts";
import { findProblems, listSources, parseDefinition } from "#definition/parseDefinition.ts";
import type { SourceContents } from "#definition/parseDefinition.ts";
import { toProblem } from "#definition/problem.ts";
import type { Problem } from "#definition/problem.ts";
import { layerSchema } from "#definition/schema.ts";
import type { FlatLayer } from "#definition/schema.ts";
import type { Check } from "#release/checks/check.ts";
import { LoadDefinitionError } from "./loadDefinitionError.ts";
import { isModule, readDefinitionFile } from "./readDefinitionFile.ts";
import type { DefinitionText } from "./readDefinitionFile.ts";

export interface LoadedDefinition {
  readonly definition: Definition;
  /** Its own and those of its bases, the deepest base's first. They are functions, so they are no part of the definition. */
  readonly checks: readonly Check[];
  /** The module of each function probe, absolute, by the probe's name: the build bundles them. */
  readonly probeModules: ReadonlyMap<string, string>;
  /** Absolute. */
  readonly file: string;
  /** Every file that the definition was made from, itself included: bases and sources; absolute, sorted. */
  readonly readFiles: readonly string[];
}

/** One definition of a chain of bases. */
interface Layer extends DefinitionText {
  /** True for a base that came as an object: nobody knows which file wrote it. */
  readonly isImported: boolean;
}

/** A layer as the schema knows it, and the checks that were in it. */
interface CheckedLayer extends Layer {
  readonly checks: readonly Check[];
  /** What is wrong with the checks. */
  readonly checkProblems: readonly Problem[];
}

/**
 * Loads a definition with its bases and the sources of its files.
 * @throws {DefinitionError} with all problems, each with its place where that is known.
 * @throws {LoadDefinitionError} for a file from which nothing could be had.
 */
export async function loadDefinition(path: string): Promise<LoadedDefinition> {
  const file = resolve(path);
  const layers = (await readLayers(file, [])).map(takeChecks);
  const fail = (problems: readonly Problem[]): DefinitionError =>
    new DefinitionError(problems, {
      file,
      sourceTexts: new Map(layers.map((layer) => [layer.file, layer.text])),
    });

  const problems = findLayerProblems(layers);
  if (problems.length > 0) throw fail(problems);

  const merged = mergeLayers(layers);
  if (merged.problems.length > 0) throw fail(merged.problems);

  const sources = await readSources(listSources(merged.layer));
  try {
    const definition = parseDefinition(merged.layer, sources);
    const readFiles = [...new Set([...layers.map((layer) => layer.file), ...sources.keys()])].sort();
    // A check that a definition repeats from its base is asked once.
    const checks = [...new Set(layers.flatMap((layer) => layer.checks))];
    return { definition, checks, probeModules: listProbeSources(merged.layer), file, readFiles };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    throw fail(error.problems.map((problem) => locateInLayers(problem, layers)));
  }
}

/** The definition and its bases, the deepest base first. */
async function readLayers(file: string, above: readonly string[]): Promise<Layer[]> {
  if (above.includes(file)) {
    throw new LoadDefinitionError(
      "definition-extends-itself",
      `Cannot load the definition "${above[0]}": it extends itself: ${[...above, file].join(" → ")}`,
    );
  }
  return splitBase({ ...(await readDefinitionFile(file)), isImported: false }, [...above, file]);
}

/** Takes `extends` out of a layer and reads what it names; a wrong one stays, for the schema to refuse. */
async function splitBase(layer: Layer, above: readonly string[]): Promise<Layer[]> {
  if (typeof layer.value !== "object" || layer.value === null || !("extends" in layer.value)) return [layer];
  const { extends: base, ...value } = layer.value;
  if (typeof base === "string" && base !== "") {
    return [...(await readLayers(resolve(dirname(layer.file), base), above)), { ...layer, value }];
  }
  if (typeof base === "object" && base !== null) {
    const imported: Layer = { ...layer, value: base, isImported: true, locate: () => undefined };
    return [...(await splitBase(imported, above)), { ...layer, value }];
  }
  return base === undefined ? [{ ...layer, value }] : [layer];
}

/** Takes `checks` out of a layer: what remains is data. */
function takeChecks(layer: Layer): CheckedLayer {
  if (typeof layer.value !== "object" || layer.value === null || !("checks" in layer.value))
    return { ...layer, checks: [], checkProblems: [] };
  const { checks: written, ...value } = layer.value;
  const { checks, problems } = isModule(layer.file) ? parseChecks(written) : refuseChecks(written);
  return { ...layer, value, checks, checkProblems: problems };
}

function findLayerProblems(layers: readonly CheckedLayer[]): Problem[] {
  return layers.flatMap((layer) => {
    const inData = layers.length === 1 ? findProblems(layer.value) : findSchemaProblems(layer.value);
    const found = [...inData, ...layer.checkProblems];
    const problems = found.length === 0 ? [...findUnknownPlaces(layer)] : found;
    return problems.map((problem) => locateProblem(problem, layer)).sort(byLine);
  });
}

/** As one reads the file; what has no place comes last. */
function byLine(a: Problem, b: Problem): number {
  const lineOf = ({ line = Number.MAX_SAFE_INTEGER }: Problem): number => line;
  return lineOf(a) - lineOf(b);
}

/** Sources of an imported base that are relative, to a file that nobody knows. */
function findUnknownPlaces(layer: Layer): Problem[] {
  if (!layer.isImported) return [];
  const find = (keys: string[], source: string) => {
    if (source.startsWith("file:") || isAbsolute(source)) return [];
    const hint = `in the base write import.meta.resolve(${JSON.stringify(source)}), or extend it by its path`;
    const wanted = "a file: URL, since this base was imported and its place is not known";
    return [toProblem(["extends", ...keys], source, wanted, hint)];
  };
  const parsed = layerSchema.parse(layer.value);
  const files = Object.entries(parsed.files ?? {}).flatMap(([path, file]) =>
    typeof file === "string" || file.source === undefined ? [] : find(["files", path, "source"], file.source),
  );
  const probes = [...listProbeSources(parsed)].flatMap(([name, source]) =>
    find(["health", "probes", name, "function"], source),
  );
  const document = findDocumentFile(parsed);
  return [...files, ...probes, ...(document === undefined ? [] : find(["configuration", "file"], document))];
}

function mergeLayers(layers: readonly Layer[]): { layer: FlatLayer; problems: Problem[] } {
  const [base, ...changes] = layers;
  let merged: FlatLayer = base === undefined ? {} : anchorSources(base);
  const problems: Problem[] = [];
  for (const layer of changes) {
    const extended = extendLayer(merged, anchorSources(layer));
    merged = extended.layer;
    problems.push(...extended.problems.map((problem) => locateProblem(problem, layer)));
  }
  return { layer: merged, problems };
}

/** Makes each source absolute: it is relative to the file that names it, wherever that is extended from. */
function anchorSources(layer: Layer): FlatLayer {
  const parsed = layerSchema.parse(layer.value);
  const anchor = (source: string) =>
    source.startsWith("file:") ? fileURLToPath(source) : resolve(dirname(layer.file), source);
  const files = Object.entries(parsed.files ?? {}).map(([path, file]) => {
    if (typeof file === "string" || file.source === undefined) return [path, file];
    return [path, { ...file, source: anchor(file.source) }];
  });
  const document = findDocumentFile(parsed);
  const anchored = {
    ...parsed,
    files: Object.fromEntries(files) as FlatLayer["files"], // only sources have changed
    ...(document === undefined ? {} : { configuration: { file: anchor(document) } }),
  };
  if (parsed.health?.probes === undefined) return anchored;
  const probes = Object.entries(parsed.health.probes).map(([name, probe]) => [
    name,
    probe.function === undefined ? probe : { ...probe, function: anchor(probe.function) },
  ]);
  return { ...anchored, health: { ...parsed.health, probes: Object.fromEntries(probes) } };
}

async function readSources(paths: readonly string[]): Promise<SourceContents> {
  const sources = new Map<string, Uint8Array | Error>();
  for (const path of paths) {
    sources.set(path, await readFile(path).catch((error: unknown) => toReadError(error)));
  }
  return sources;
}

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "that is a folder: name each of its files",
  EACCES: "reading it is not permitted",
};

function toReadError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const code = "code" in error ? String(error.code) : "";
  return new Error(READ_ERRORS[code] ?? error.message, { cause: error });
}

function locateProblem(problem: Problem, layer: Layer): Problem {
  const position = layer.locate(problem.keys, problem.kind === "unknown-key" ? "key" : "value");
  return { ...problem, file: layer.file, ...position };
}

/** A problem between keys belongs to the uppermost layer that writes the key. */
function locateInLayers(problem: Problem, layers: readonly Layer[]): Problem {
  const located = layers.toReversed().map((layer) => locateProblem(problem, layer));
  return located.find(({ line }) => line !== undefined) ?? located[0] ?? problem;
}
