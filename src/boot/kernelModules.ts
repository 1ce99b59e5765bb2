/**
 * The index files that depmod writes. Subset: names and dependencies; not here: aliases, symbols,
 * softdeps. modules.dep(5).
 */
export interface KernelModule {
  /** With underscores, as the kernel names it. */
  readonly name: string;
  /** Below `/usr/lib/modules/VERSION`, e.g. `kernel/drivers/md/dm-mod.ko`. */
  readonly path: string;
}

/** The wanted modules and all they depend on, sorted by path; names the kernel does not have are left out. */
export function selectModules(modulesDep: string, wanted: readonly string[]): KernelModule[] {
  const byName = new Map<string, { path: string; dependencies: string[] }>();
  for (const line of modulesDep.split("\n")) {
    const [path, rest] = line.split(":");
    if (path === undefined || rest === undefined) continue;
    byName.set(moduleName(path), { path, dependencies: rest.split(" ").filter((part) => part !== "") });
  }
  const selected = new Map<string, string>();
  for (const name of wanted) {
    const found = byName.get(moduleName(name));
    if (found === undefined) continue;
    // modules.dep lists dependencies of dependencies too.
    for (const path of [found.path, ...found.dependencies]) selected.set(moduleName(path), path);
  }
  return [...selected].map(([name, path]) => ({ name, path })).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function moduleName(path: string): string {
  return (path.split("/").at(-1) ?? path).replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}
