import { seededRandom } from "#boot/crashDisk.fixture.ts";
import type { UpdateFacts } from "#boot/updateFacts.ts";
import type { MachineState } from "#boot/updateMachine.fixture.ts";

import { MachineModel, ModelCaches, toStateKey, Violation } from "./machineModel.ts";
import type { Life, Order, World } from "./machineModel.ts";

export interface CrashOrder extends Order {
  readonly name: string;
  /** Whether a life has come to the end that this order wants. */
  readonly isFinished: (life: Life) => boolean;
}

export interface CrashScenario {
  readonly name: string;
  readonly world: World;
  readonly start: MachineState;
  readonly order: CrashOrder;
  /** What may be wanted after the first crash instead. */
  readonly laterOrders: readonly CrashOrder[];
}

export interface CrashSampling {
  readonly seed: number;
  /** At most so many cases of lost sectors at one moment of the first life, and of those after a crash. */
  readonly firstLimit: number;
  readonly laterLimit: number;
  /** Of the lives after a crash, this share is crashed again at every moment. */
  readonly laterShare: number;
}

export interface CrashCounts {
  /** Different states in which a machine was powered on. */
  readonly states: number;
  /** Those of them that need a second crash. */
  readonly laterStates: number;
}

/**
 * Crashes an update at every moment, powers the machine on in every state that is found, and lets it
 * finish, with the same order or another one; and crashes that in the same way. Throws the first Violation.
 */
export async function exploreCrashes(
  { name, world, start, order, laterOrders }: CrashScenario,
  { seed, firstLimit, laterLimit, laterShare }: CrashSampling,
): Promise<CrashCounts> {
  const explorer = new Explorer(name, world, seed);
  const first = await explorer.record(start, order, firstLimit);
  const later = new Map<string, MachineState>();
  for (const state of first.values()) {
    for (const wanted of [order, ...laterOrders]) {
      if (explorer.random() > laterShare) {
        await explorer.finish(state, wanted);
        continue;
      }
      for (const [key, crash] of await explorer.record(state, wanted, laterLimit)) {
        if (first.has(key) || later.has(key)) continue;
        later.set(key, crash);
        await explorer.finish(crash, wanted);
      }
    }
  }
  return { states: first.size + later.size, laterStates: later.size };
}

/** Not an error: the rest of this life has been seen already, from the same state on. */
class Converged extends Error {}

class Explorer {
  readonly random: () => number;
  readonly #name: string;
  readonly #world: World;
  readonly #caches = new ModelCaches();
  /** From where lives have come to their end, and from where they were also crashed at every moment. */
  readonly #finished = new Set<string>();
  readonly #recorded = new Set<string>();

  constructor(name: string, world: World, seed: number) {
    this.#name = name;
    this.#world = world;
    this.random = seededRandom(seed);
  }

  async finish(state: MachineState, order: CrashOrder): Promise<void> {
    const model = new MachineModel(this.#world, this.#caches, state);
    for (const key of await this.#live(model, order, [this.#finished, this.#recorded]))
      this.#finished.add(key);
  }

  /** As `finish`, and gives all states that a crash can leave on the way, by their keys. */
  async record(state: MachineState, order: CrashOrder, limit: number): Promise<Map<string, MachineState>> {
    const crashes = new Map<string, MachineState>();
    const model: MachineModel = new MachineModel(this.#world, this.#caches, state, () => {
      for (const crash of model.listCrashes(limit, this.random)) crashes.set(toStateKey(crash), crash);
    });
    for (const key of await this.#live(model, order, [this.#recorded])) this.#recorded.add(key);
    return crashes;
  }

  /** Gives the points that it passed: whoever comes to one of them later comes to the same end. */
  async #live(
    model: MachineModel,
    order: CrashOrder,
    known: readonly ReadonlySet<string>[],
  ): Promise<string[]> {
    const passed: string[] = [];
    const onStep = ({ running, spareCheck }: UpdateFacts): void => {
      const key = [order.name, running.version, spareCheck?.is, toStateKey(model.state)].join(" ");
      if (known.some((points) => points.has(key))) throw new Converged();
      passed.push(key);
    };
    try {
      const life = await model.live(order, onStep);
      if (!order.isFinished(life)) {
        const { outcome, running } = life;
        throw new Violation(`ended on ${running.release.version} with ${JSON.stringify(outcome)}`);
      }
    } catch (error) {
      if (!(error instanceof Converged))
        throw new Violation(`${this.#name}, ${order.name}: ${String(error)}`, { cause: error });
    }
    return passed;
  }
}
