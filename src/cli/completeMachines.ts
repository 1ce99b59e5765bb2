import { openWorkspace } from "#system/workspace.ts";

import type { DescribedProgram } from "./completion.ts";
import { toVisibleText } from "./diff/visibleText.ts";

/** Names of machines wherever one is meant; units of a machine where they are, if it answers soon. */
export async function completeMachines(root: DescribedProgram, words: readonly string[]): Promise<void> {
  const machines = await listMachineNames();
  const units = await listUnitNames(words);
  const offer = (names: readonly Offer[]) => (complete: (name: string, what: string) => void) => {
    for (const { name, what } of names) complete(name, what);
  };
  // `-n a,b,` goes on behind the last comma, and names no machine twice.
  const before = (words.at(-1) ?? "").replace(/[^,]*$/, "");
  const others = machines
    .filter(({ name }) => !before.split(",").includes(name))
    .map(({ name, what }) => ({ name: before + name, what }));
  for (const command of root.commands.values()) {
    for (const name of ["machine", "context"]) {
      const argument = command.arguments.get(name);
      if (argument !== undefined) argument.handler = offer(machines);
    }
    for (const name of ["pattern", "unit"]) {
      const argument = command.arguments.get(name);
      if (argument !== undefined) argument.handler = offer(units);
    }
    for (const [name, names] of [
      ["context", machines],
      ["nodes", others],
      ["unit", units],
    ] as const) {
      const option = command.options.get(name);
      if (option !== undefined) option.handler = offer(names);
    }
  }
}

interface Offer {
  readonly name: string;
  readonly what: string;
}

/** Nobody waits longer for a word to be completed. */
const UNITS_TIMEOUT_MS = 1000;

/** Of the machine that the words name; none where none is asked for, and of a machine that does not answer. */
async function listUnitNames(words: readonly string[]): Promise<Offer[]> {
  const isAsked =
    words[0] === "services" || (words[0] === "logs" && /^(-u|--unit)$/.test(words.at(-2) ?? ""));
  if (!isAsked) return [];
  const valueOf = (...options: readonly string[]) =>
    words[words.findIndex((word) => options.includes(word)) + 1];
  const hasContext = words.includes("--context");
  const named = hasContext ? valueOf("--context") : words[0] === "logs" ? words[1] : undefined;
  try {
    const [{ findMachineAccess }, { callMachine }] = await Promise.all([
      import("./findMachineAccess.ts"),
      import("./callMachine.ts"),
    ]);
    const machine = await findMachineAccess(named?.startsWith("-") === true ? undefined : named);
    const call = { purpose: "list the units", timeoutMs: UNITS_TIMEOUT_MS };
    const { units } = await callMachine(machine, call, ({ observe }, options) =>
      observe.listUnits({ patterns: ["*.service", "*.socket", "*.timer"] }, options),
    );
    return units.map(({ name, sub }) => ({ name: toVisibleText(name), what: toVisibleText(sub) }));
  } catch {
    return [];
  }
}

/** Machines of contexts, and those that run here; none when that cannot be told, for nobody completes to see an error. */
async function listMachineNames(): Promise<Offer[]> {
  const { contextsFile, readContexts } = await import("#system/contextFile.ts");
  const { listMachines } = await import("#vm/machineFolder.ts");
  const [contexts, running] = await Promise.all([
    readContexts(contextsFile()).then(
      ({ contexts: known }) => Object.entries(known),
      () => [],
    ),
    listMachines(openWorkspace()).catch(() => []),
  ]);
  return [
    ...running.map(({ name }) => ({ name, what: "socle vm" })),
    ...contexts.map(([name, { host, port }]) => ({ name, what: `${host}:${port}` })),
  ];
}
