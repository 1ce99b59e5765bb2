import { decodeBootOrder, encodeBootOrder, encodeLoadOption, toBootVariable } from "./efiLoadOption.ts";
import type { LoadPartition } from "./efiLoadOption.ts";

/**
 * A firmware that refuses a kernel image gives up on the boot option that led to it, and systemd-boot
 * has taken one try from the image by then. So the firmware gets the same option once more than an
 * image has tries: when the last one is used up, the loader picks the version before, in the same
 * start of the machine, without a watchdog or anybody's hand. Each has a number of its own, far from
 * those that firmwares give out.
 */
const FIRST_NUMBER = 0x50c0;
/** Tries are one digit (systemd.boot counting: `bootTries` is 1 to 9). */
const NUMBERS = 16;
const LOADER_PATH = "\\EFI\\systemd\\systemd-bootx64.efi";

/** The name and the data of a variable in the global namespace. */
export interface VariableWrite {
  readonly name: string;
  readonly data: Uint8Array;
}

export interface BootOptionFacts {
  readonly esp: LoadPartition;
  readonly bootTries: number;
  /** What the firmware has, by name, without attributes: `BootOrder` and ours. */
  readonly variables: ReadonlyMap<string, Uint8Array>;
}

/** What is to be written, in this order: options before the order that names them. Nothing when all is there. */
export function planBootOptions({ esp, bootTries, variables }: BootOptionFacts): VariableWrite[] {
  const numbers = Array.from({ length: bootTries + 1 }, (_, index) => FIRST_NUMBER + index);
  const options = numbers.map((number, index) => ({
    name: toBootVariable(number),
    data: encodeLoadOption({ description: `Socle ${index + 1}`, partition: esp, path: LOADER_PATH }),
  }));
  const others = decodeBootOrder(variables.get(BOOT_ORDER) ?? new Uint8Array()).filter(
    (number) => !isOurs(number),
  );
  const order = { name: BOOT_ORDER, data: encodeBootOrder([...numbers, ...others]) };
  return [...options, order].filter(({ name, data }) => !isEqual(variables.get(name), data));
}

export const BOOT_ORDER = "BootOrder";

/** The variables that `planBootOptions` must know. */
export function listBootVariables(): string[] {
  return [BOOT_ORDER, ...Array.from({ length: NUMBERS }, (_, index) => toBootVariable(FIRST_NUMBER + index))];
}

function isOurs(number: number): boolean {
  return number >= FIRST_NUMBER && number < FIRST_NUMBER + NUMBERS;
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.from(a).equals(b);
}
