import type { KeySet, TufRole } from "#trust/keySet.ts";
import { MemoryRepository } from "#trust/memoryRepository.fixture.ts";
import type { Signer } from "#trust/signer.ts";

import type { RepositoryKeys } from "./changeRepository.ts";

/** Whoever has the keys of a project: in memory, and made in no time. */
export class RepositoryOwner {
  readonly #memory: MemoryRepository;
  readonly #former: Record<TufRole, Signer[]> = { root: [], targets: [], snapshot: [], timestamp: [] };
  /** The roles whose signers were asked for, in order. */
  readonly asked: TufRole[] = [];
  expiryDays: KeySet["expiryDays"] = { root: 365, targets: 90, snapshot: 30, timestamp: 7 };

  private constructor(memory: MemoryRepository) {
    this.#memory = memory;
  }

  static async create(
    now: Date,
    thresholds: Partial<Record<TufRole, number>> = {},
  ): Promise<RepositoryOwner> {
    const memory = new MemoryRepository({ now, thresholds });
    await memory.writeRoot();
    return new RepositoryOwner(memory);
  }

  /** New keys for some roles, or for all but root. The former ones are still there, unless they were stolen. */
  async rotate({ stolen = false, roles = ["targets", "snapshot", "timestamp"] as readonly TufRole[] } = {}) {
    for (const role of roles) {
      const before = this.#memory.keys[role];
      await this.#memory.rotate(role);
      this.#former[role].push(...(stolen ? [] : before));
    }
  }

  get trustedRoot(): Buffer {
    return this.#root(1);
  }

  get keys(): RepositoryKeys {
    const count = this.#memory.versions.root;
    return {
      expiryDays: this.expiryDays,
      roots: new Map(Array.from({ length: count }, (_, index) => [index + 1, this.#root(index + 1)])),
      signersOf: async (role) => {
        this.asked.push(role);
        return this.#memory.keys[role];
      },
      formerSignersOf: async (role) => this.#former[role],
    };
  }

  #root(version: number): Buffer {
    const bytes = this.#memory.files.get(`metadata/${version}.root.json`);
    if (bytes === undefined) throw new Error(`there is no root ${version}`);
    return bytes;
  }
}
