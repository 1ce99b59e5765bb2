import type { Log } from "./log.ts";
import type { CallerAccess, FoundAccess } from "./readAccess.ts";

export interface FollowOptions {
  /** In force now. */
  readonly access: CallerAccess;
  /** Reads it anew. */
  readonly readAccess: () => Promise<FoundAccess>;
  /** Puts it in force; when it throws, nothing has changed. */
  readonly reload: (access: CallerAccess) => Promise<unknown>;
  readonly log: Log;
}

/** @returns what to call when the configuration may have changed: puts in force who is let in from now on */
export function followAccess({ access, readAccess, reload, log }: FollowOptions): () => Promise<void> {
  let inForce = JSON.stringify(access);
  const follow = async () => {
    try {
      const { access: next, problems } = await readAccess();
      if (problems.length > 0)
        log("warning", "the configuration is refused; who is let in stays", { problems: problems.length });
      if (next === undefined || JSON.stringify(next) === inForce) return;
      await reload(next);
      inForce = JSON.stringify(next);
    } catch (error) {
      log("error", "who is let in stays: what the configuration says cannot be put in force", { error });
    }
  };
  let following = Promise.resolve();
  return () => (following = following.then(follow)); // one after the other: the last one that is read stays
}
