import { AsyncLocalStorage } from "node:async_hooks";

/** The words of one command. */
export type CommandLine = readonly string[];

const recorded = new AsyncLocalStorage<CommandLine[]>();

/** Does the work, and tells which commands it ran in a tools tree, in the order in which they began. */
export async function recordCommands<T>(
  work: () => Promise<T>,
): Promise<{ value: T; commands: readonly CommandLine[] }> {
  const commands: CommandLine[] = [];
  const value = await recorded.run(commands, work);
  return { value, commands };
}

/** Where nobody records, nothing happens. */
export function noteCommand(argv: CommandLine): void {
  recorded.getStore()?.push(argv);
}
