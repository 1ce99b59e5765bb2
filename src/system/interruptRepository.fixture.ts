import assert from "node:assert/strict";
import { cp, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

import { parseChannel, toTargetPath } from "#release/channel.ts";
import { verifyRepository } from "#trust/repositoryVerification.ts";

import type { RepositorySurroundings } from "./changeRepository.ts";
import { exists } from "./files.ts";
import { publishRelease, renewRepository, withdraw, type ReleaseToPublish } from "./publishRelease.ts";
import { readRepositoryFacts } from "./readRepositoryFacts.ts";
import { repositoryDisk, type RepositoryDisk } from "./repositoryDisk.ts";
import { RepositoryOwner } from "./repositoryOwner.fixture.ts";
import { serveFolder } from "./serveFolder.ts";
import { makeTinyRelease } from "./tinyRelease.fixture.ts";
import { TufClient } from "./tufClient.fixture.ts";

const NOW = new Date("2026-11-22T12:00:00Z");

export type Ending = "killed" | "power-cut";

/**
 * A disk on which everything ends at the operation of a given number. `killed`: what was done stays,
 * a file that was being written is half there. `power-cut`: names that were made since the folder
 * was last synced are gone again, all but the newest one: the worst order in which a disk may keep them.
 */
class EndingDisk implements RepositoryDisk {
  readonly #how: Ending;
  operations = 0;
  #left: number;
  #unsynced: string[] = [];
  ended = false;

  constructor(how: Ending, operations: number) {
    this.#how = how;
    this.#left = operations;
  }

  async #step(cleanUp: () => Promise<unknown> = async () => {}): Promise<void> {
    this.operations++;
    if (!this.ended && this.#left-- > 0) return;
    if (!this.ended) {
      this.ended = true;
      await cleanUp();
      if (this.#how === "power-cut")
        for (const path of this.#unsynced.slice(0, -1)) await rm(path, { force: true });
    }
    throw new Error("the power went");
  }

  async makeFolder(path: string): Promise<void> {
    await this.#step();
    await repositoryDisk.makeFolder(path);
  }
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const half = content.slice(0, content.length / 2);
    await this.#step(async () => writeFile(path, half));
    await writeFile(path, content);
  }
  async copy(from: string, to: string, options: Parameters<RepositoryDisk["copy"]>[2]) {
    await this.#step(async () => {
      await repositoryDisk.copy(from, to, options);
      await truncate(to, 100);
    });
    return repositoryDisk.copy(from, to, options);
  }
  async link(from: string, to: string): Promise<boolean> {
    await this.#step();
    return repositoryDisk.link(from, to);
  }
  async rename(from: string, to: string): Promise<void> {
    await this.#step();
    // One that replaces a file cannot be undone by removing it: here only the timestamp and SHA256SUMS do so.
    const isNew = !(await exists(to));
    await repositoryDisk.rename(from, to);
    this.#unsynced.push(isNew ? to : join(dirname(to), `.${basename(to)}.never`));
  }
  async remove(path: string): Promise<void> {
    await this.#step();
    await repositoryDisk.remove(path);
  }
  async syncFolder(path: string): Promise<void> {
    await this.#step();
    this.#unsynced = this.#unsynced.filter((name) => dirname(name) !== path);
  }
}

/** What a client that starts from the first root sees: each channel's versions, with the files of each fetched. */
async function readAsClient(url: string, trustedRoot: Uint8Array): Promise<string> {
  await using client = await TufClient.create(trustedRoot, url);
  return await client.run(async (fetchTarget) => {
    const seen: string[] = [];
    for (const name of ["stable", "testing"]) {
      const bytes = await fetchTarget(`${name}/channel.json`);
      if (bytes === undefined) continue;
      const { releases, id } = parseChannel(bytes.toString());
      for (const { version, manifest } of releases) {
        assert.ok(await fetchTarget(manifest));
        assert.ok(await fetchTarget(toTargetPath(name, `${id}_${version}.efi`)));
      }
      seen.push(`${name}: ${releases.map(({ version }) => version).join(" ")}`);
    }
    return seen.join("; ");
  });
}

type Change = (surroundings: RepositorySurroundings, releases: Releases) => Promise<unknown>;
interface Releases {
  readonly "1.0": ReleaseToPublish;
  readonly "1.1": ReleaseToPublish;
}

export interface Interruption {
  /** What was there before; nothing when absent. */
  readonly prepare?: Change;
  readonly change: Change;
  /** Keys are changed in between. */
  readonly rotate?: { readonly stolen: boolean };
  readonly before: string | undefined;
  readonly afterwards: string;
}

function publish(version: keyof Releases, channel = "stable"): Change {
  return async (surroundings, releases) =>
    publishRelease(surroundings, { release: releases[version], channel });
}

/** What can be interrupted, by name. */
export const INTERRUPTIONS: Readonly<Record<string, Interruption>> = {
  "the first publish": { change: publish("1.0"), before: undefined, afterwards: "stable: 1.0" },
  "a second release": {
    prepare: publish("1.0"),
    change: publish("1.1"),
    before: "stable: 1.0",
    afterwards: "stable: 1.1 1.0",
  },
  "a second channel": {
    prepare: publish("1.0"),
    change: publish("1.0", "testing"),
    before: "stable: 1.0",
    afterwards: "stable: 1.0; testing: 1.0",
  },
  "a renewal": {
    prepare: publish("1.0"),
    change: renewRepository,
    before: "stable: 1.0",
    afterwards: "stable: 1.0",
  },
  "a withdrawal": {
    prepare: async (...given) => {
      await publish("1.0")(...given);
      await publish("1.1")(...given);
    },
    change: async (surroundings) =>
      withdraw(surroundings, { channel: "stable", version: "1.1", delete: true }),
    before: "stable: 1.1 1.0",
    afterwards: "stable: 1.0",
  },
  "a release with new keys": {
    prepare: publish("1.0"),
    rotate: { stolen: false },
    change: publish("1.1"),
    before: "stable: 1.0",
    afterwards: "stable: 1.1 1.0",
  },
};

/**
 * Ends a change before and within each of its operations. Afterwards tuf-js and `verifyRepository`
 * see a whole repository, as it was or as it was to be, and the next change succeeds.
 */
export async function interruptEverywhere(interruption: Interruption, how: Ending): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "socle-interrupted-"));
  try {
    await using server = await serveFolder(folder);
    const trial = await Trial.create(folder, server.url, interruption, how);
    const count = await trial.count();
    assert.ok(count > 10, "there is something to interrupt");
    const seen = new Set<string | undefined>();
    for (let step = 0; step < count; step += AT_ONCE) {
      const steps = Array.from({ length: Math.min(AT_ONCE, count - step) }, (_, index) => step + index);
      for (const state of await Promise.all(steps.map(async (each) => trial.run(each)))) seen.add(state);
    }
    assert.deepEqual(seen, new Set([interruption.before, interruption.afterwards]), "both were seen");
  } finally {
    await rm(folder, { recursive: true });
  }
}

const AT_ONCE = 6;

class Trial {
  readonly #folder: string;
  readonly #url: string;
  readonly #owner: RepositoryOwner;
  readonly #releases: Releases;
  readonly #interruption: Interruption;
  readonly #how: Ending;

  private constructor(
    place: { readonly folder: string; readonly url: string },
    owner: RepositoryOwner,
    releases: Releases,
    interruption: Interruption,
    how: Ending,
  ) {
    this.#folder = place.folder;
    this.#url = place.url;
    this.#owner = owner;
    this.#releases = releases;
    this.#interruption = interruption;
    this.#how = how;
  }

  static async create(folder: string, url: string, interruption: Interruption, how: Ending): Promise<Trial> {
    const owner = await RepositoryOwner.create(NOW);
    const make = async (version: string) =>
      makeTinyRelease(join(folder, `release-${version}`), { version, only: ["uki"] });
    const releases = { "1.0": await make("1.0"), "1.1": await make("1.1") };
    const trial = new Trial({ folder, url }, owner, releases, interruption, how);
    await interruption.prepare?.(trial.#at("start"), releases);
    if (interruption.rotate !== undefined) await owner.rotate(interruption.rotate);
    return trial;
  }

  /** How many operations the change takes when nothing interrupts it. */
  async count(): Promise<number> {
    const disk = new EndingDisk(this.#how, Number.POSITIVE_INFINITY);
    await this.#change("count", disk);
    return disk.operations;
  }

  /** Returns what a client saw after the interruption. */
  async run(step: number): Promise<string | undefined> {
    const { before, afterwards } = this.#interruption;
    const site = String(step);
    const disk = new EndingDisk(this.#how, step);
    await this.#change(site, disk).catch(() => {}); // what could not be tidied up is no failure
    assert.ok(disk.ended, `step ${step} is one of the change`);

    const isThere = await exists(join(this.#folder, site, "metadata/timestamp.json"));
    const state = isThere ? await this.#read(site) : undefined;
    assert.ok(state === before || state === afterwards, `step ${step}: clients see ${state}`);
    if (isThere) assert.deepEqual(await this.#findProblems(site), [], `step ${step}`);

    if (state !== afterwards || before === afterwards)
      await this.#interruption.change(this.#at(site), this.#releases);
    else await renewRepository(this.#at(site));
    assert.equal(await this.#read(site), afterwards, `step ${step}, made up for`);
    assert.deepEqual(await this.#findProblems(site), [], `step ${step}, made up for`);
    await rm(join(this.#folder, site), { recursive: true });
    return state;
  }

  async #change(site: string, disk: RepositoryDisk): Promise<void> {
    if (this.#interruption.prepare !== undefined)
      await cp(join(this.#folder, "start"), join(this.#folder, site), { recursive: true });
    await this.#interruption.change(this.#at(site, disk), this.#releases);
  }

  #at(site: string, disk = repositoryDisk): RepositorySurroundings {
    return {
      folder: join(this.#folder, site),
      keys: this.#owner.keys,
      now: () => NOW,
      report: () => {},
      disk,
    };
  }

  async #read(site: string): Promise<string> {
    return readAsClient(`${this.#url}${site}/`, this.#owner.trustedRoot);
  }

  async #findProblems(site: string): Promise<readonly string[]> {
    const facts = await readRepositoryFacts(join(this.#folder, site), () => {});
    return verifyRepository(facts, { now: NOW }).problems;
  }
}
