import { join } from "node:path";

import type { Definition } from "#definition/definition.ts";
import { readLock } from "#image/resolveLock.ts";
import { remove, writeAtomic } from "#system/files.ts";
import { loadDefinition } from "#system/loadDefinition.ts";
import { runCommand } from "#system/runCommand.ts";
import { PROJECT_ROOT } from "#system/workspace.ts";

import { findPrograms, forgetSteps, SOCLE, socleEnvironment, type BenchWorkspace } from "./benchWorkspace.ts";
import { holdLock } from "./holdLock.ts";
import { measureCommand, type Sample } from "./measureCommand.ts";
import { writeMkosiProject } from "./mkosiProject.ts";
import { MKOSI_ENVIRONMENT, prepareMkosiTools, toPivotedCommand, type MkosiTools } from "./mkosiTools.ts";
import { readImageSizes, type ImageSizes } from "./imageSizes.ts";

export interface BuildFigures {
  readonly mkosiVersion: string;
  readonly packages: number;
  readonly cold: Pair;
  readonly oneFile: Pair;
  readonly nothing: { readonly socle: readonly Sample[] };
  readonly sizes: { readonly socle: ImageSizes; readonly mkosi: ImageSizes };
}

/** In the order of the rounds. */
interface Pair {
  readonly socle: readonly Sample[];
  readonly mkosi: readonly Sample[];
}

export interface BenchOptions {
  readonly rounds: number;
  /** Cold builds take most of the time; none may be wanted. */
  readonly coldRounds?: number;
  readonly lock: string | undefined;
}

/** Builds the server with both, in turns. Both have all packages before, and neither needs the network then. */
export async function benchBuilds(
  bench: BenchWorkspace,
  { rounds, coldRounds = rounds, lock }: BenchOptions,
): Promise<BuildFigures> {
  const subject = await prepareSubject(bench);
  const figures = {
    cold: { socle: [] as Sample[], mkosi: [] as Sample[] },
    oneFile: { socle: [] as Sample[], mkosi: [] as Sample[] },
    nothing: { socle: [] as Sample[] },
  };
  const take = async (into: Sample[], what: string, measured: Promise<Sample>) => {
    const sample = await measured;
    into.push(sample);
    console.error(`${what}: ${sample.seconds.toFixed(1)} s`);
  };
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    await using _ = await holdLock(lock);
    return await work();
  };

  await alone(async () => {
    await take([], "preparing, socle", subject.socle()); // so that both have all packages
    await subject.takePrograms();
    if (coldRounds > 0) await take([], "preparing, mkosi", subject.mkosi("--force"));
  });
  for (let round = 1; round <= coldRounds; round++) {
    await alone(async () => {
      await forgetSteps(bench);
      await take(figures.cold.socle, `cold, socle, round ${round}`, subject.socle());
      await take(
        figures.cold.mkosi,
        `cold, mkosi, round ${round}`,
        subject.mkosi("--force", "--cache-only=always"),
      );
    });
  }
  await alone(async () => {
    await take([], "preparing, mkosi's incremental images", subject.mkosi("--incremental=yes", "-ff"));
    for (let round = 1; round <= rounds; round++) {
      await subject.changeFile(round);
      await take(figures.oneFile.socle, `one file, socle, round ${round}`, subject.socle());
      await take(
        figures.oneFile.mkosi,
        `one file, mkosi, round ${round}`,
        subject.mkosi("--incremental=yes", "--force"),
      );
      await take(figures.nothing.socle, `nothing changed, socle, round ${round}`, subject.socle());
    }
  });
  const sizes = {
    socle: await readImageSizes(subject.socleOutput),
    mkosi: await readImageSizes(subject.mkosiOutput),
  };
  return { mkosiVersion: subject.tools.version, packages: subject.packages, ...figures, sizes };
}

interface Subject {
  readonly tools: MkosiTools;
  readonly packages: number;
  readonly socleOutput: string;
  readonly mkosiOutput: string;
  socle(): Promise<Sample>;
  mkosi(...options: string[]): Promise<Sample>;
  changeFile(round: number): Promise<void>;
  /** Gives mkosi's image Node and the agent of Socle's, so that both hold the same. */
  takePrograms(): Promise<void>;
}

async function prepareSubject(bench: BenchWorkspace): Promise<Subject> {
  const file = join(bench.folder, "server", "system.yaml");
  const project = join(bench.folder, "mkosi");
  const changeFile = async (round: number) => {
    await writeAtomic(
      file,
      `extends: ${join(PROJECT_ROOT, "bench", "server.ts")}\nfiles:\n  /etc/motd: "Round ${round}, ${Date.now()}.\\n"\n`,
    );
    await writeAtomic(join(project, "tree/etc/motd"), `Round ${round}, ${Date.now()}.\n`);
  };
  await changeFile(0);
  await runCommand([SOCLE, "lock", file], { environment: socleEnvironment(bench) });
  const { definition } = await loadDefinition(file);
  const lock = await readLock(definition, file);
  const tools = await prepareMkosiTools(bench.mkosiWorkspace, bench.context);
  await writeMkosiProject({
    folder: project,
    packages: withoutKernel(lock.request.packages, definition),
    definition,
    mirrors: await bench.context.mirrors(),
  });
  await changeFile(0);

  const socleOutput = join(bench.folder, "out", "socle");
  return {
    tools,
    packages: lock.packages.length,
    socleOutput,
    mkosiOutput: join(project, "output"),
    changeFile,
    socle: () =>
      measureCommand([SOCLE, "--progress", "json", "build", file, "--offline", "--output", socleOutput], {
        environment: socleEnvironment(bench),
      }),
    mkosi: (...options) =>
      measureCommand(
        toPivotedCommand(tools.tree, ["mkosi", "--directory", project, ...options, "build"], [project]),
        {
          environment: MKOSI_ENVIRONMENT,
        },
      ),
    async takePrograms() {
      const target = join(project, "tree/usr/lib/socle");
      await remove(target);
      await runCommand(["mkdir", "-p", join(target, "..")]);
      await runCommand(["cp", "-a", await findPrograms(bench), target]);
    },
  };
}

function withoutKernel(packages: readonly string[], { kernel }: Definition): string[] {
  return packages.filter((name) => name !== kernel.package);
}
