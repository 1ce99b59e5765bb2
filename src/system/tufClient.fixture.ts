import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Updater } from "tuf-js";

/** tuf-js's own client, as a machine that starts from a root. It keeps what it has learnt until it is disposed. */
export class TufClient implements AsyncDisposable {
  readonly #folder: string;
  readonly #url: string;

  private constructor(folder: string, url: string) {
    this.#folder = folder;
    this.#url = url;
  }

  /** @param url of the repository, with a slash at the end */
  static async create(trustedRoot: Uint8Array, url: string): Promise<TufClient> {
    const folder = await mkdtemp(join(tmpdir(), "socle-tuf-"));
    await writeFile(join(folder, "root.json"), trustedRoot);
    return new TufClient(folder, url);
  }

  /** One run of the client workflow; `work` fetches targets by it, undefined for one that is not there. */
  async run<T>(work: (fetchTarget: (path: string) => Promise<Buffer | undefined>) => Promise<T>): Promise<T> {
    const updater = new Updater({
      metadataDir: this.#folder,
      metadataBaseUrl: `${this.#url}metadata`,
      targetDir: this.#folder,
      targetBaseUrl: `${this.#url}targets`,
      config: { fetchRetry: false },
    });
    await updater.refresh();
    return work(async (path) => {
      const target = await updater.getTargetInfo(path);
      const file = join(this.#folder, "target");
      return target === undefined ? undefined : readFile(await updater.downloadTarget(target, file));
    });
  }

  /** The content of targets, all by one run. */
  async fetch(paths: readonly string[]): Promise<(Buffer | undefined)[]> {
    return this.run(async (fetchTarget) => {
      const found: (Buffer | undefined)[] = [];
      for (const path of paths) found.push(await fetchTarget(path));
      return found;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
