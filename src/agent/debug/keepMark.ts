import { NOT_PRISTINE_PATH } from "../facts/notPristine.ts";
import type { Machine } from "../machineFacts.ts";

type Reader = Pick<Machine, "readFile">;

/**
 * Reading the mark has the EFI system partition mounted, for two minutes: with a status every few seconds it would never be
 * unmounted, and be found in use after each power cut. Only a session makes the mark, so that it is read once, and again after each.
 */
export function keepMark<Kind extends Reader>(machine: Kind): { machine: Kind; forget: () => void } {
  let mark: ReturnType<Reader["readFile"]> | undefined;
  const forget = () => void (mark = undefined);
  const readMark = async () => {
    const reading = (mark ??= machine.readFile(NOT_PRISTINE_PATH));
    try {
      return await reading;
    } catch (error) {
      if (mark === reading) forget();
      throw error;
    }
  };
  const readFile = (path: string) => (path === NOT_PRISTINE_PATH ? readMark() : machine.readFile(path));
  return { machine: { ...machine, readFile }, forget };
}
