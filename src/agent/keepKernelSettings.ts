import type { EtcWork } from "./configureEtc.ts";

interface Setting {
  /** Below the folder of the kernel's settings. */
  readonly path: string;
  readonly value: string;
}

/**
 * Writes a document's settings into the kernel, and those that it does not name any more back to what they were before a
 * document named them. One that cannot be is told, and keeps no other from it.
 */
export async function keepKernelSettings(
  { machine, paths, log }: Pick<EtcWork, "machine" | "paths" | "log">,
  settings: readonly Setting[],
): Promise<void> {
  const before = new Map(Object.entries(parse(await machine.readText(paths.settingsBefore))));
  const write = async ({ path, value }: Setting) => {
    const file = `${paths.kernelSettings}/${path}`;
    try {
      const was = (await machine.readText(file))?.trim();
      await machine.writeKernelSetting(file, value);
      if (was !== undefined && !before.has(path)) before.set(path, was);
    } catch (error) {
      // Of a module or an interface that is not there yet: systemd sets it when it comes.
      log("warning", `the kernel's setting ${path}: not done`, { error });
    }
  };
  const named = new Set(settings.map(({ path }) => path));
  for (const [path, value] of [...before].filter(([path]) => !named.has(path))) {
    await write({ path, value });
    before.delete(path);
  }
  for (const setting of settings) await write(setting);
  if (before.size > 0 || named.size > 0)
    await machine.replaceText(paths.settingsBefore, JSON.stringify(Object.fromEntries(before)), 0o600);
}

function parse(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  return JSON.parse(text) as Record<string, string>; // written above, in a folder that is root's alone
}
