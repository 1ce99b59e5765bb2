import { unwatchFile, watchFile } from "node:fs";

/**
 * Calls back when one of the files becomes another one, comes or goes. By looking: folders above them may come, go and be
 * mounted over, which inotify does not tell.
 * @returns what ends it
 */
export function watchFiles(paths: readonly string[], everyMs: number, onChange: () => void): () => void {
  const look = () => onChange(); // of this watch alone
  for (const path of paths) watchFile(path, { interval: everyMs }, look);
  return () => {
    for (const path of paths) unwatchFile(path, look);
  };
}
