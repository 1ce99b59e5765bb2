import { readPeSection, readPeText } from "#boot/portableExecutable.ts";
import { readBytes } from "#system/files.ts";

/** What a firmware would start, taken out of a unified kernel image to be started directly. */
export interface DirectBoot {
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
  readonly commandLine: string;
}

export async function readUki(file: string): Promise<DirectBoot> {
  const bytes = Buffer.from(await readBytes(file));
  return {
    kernel: readPeSection(bytes, ".linux"),
    initrd: readPeSection(bytes, ".initrd"),
    commandLine: readPeText(bytes, ".cmdline"),
  };
}
