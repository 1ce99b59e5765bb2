/** The content of machine-id(5) without its line break: 32 lower-case hexadecimal digits. */
export type MachineId = string & { readonly __brand: "MachineId" };

/** Undefined for a file that is not there, is empty or says "uninitialized". */
export function parseMachineId(content: string | undefined): MachineId | undefined {
  const id = content?.trimEnd() ?? "";
  return /^[0-9a-f]{32}$/.test(id) ? (id as MachineId) : undefined; // the pattern is the brand's meaning
}
