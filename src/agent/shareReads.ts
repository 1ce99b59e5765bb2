/**
 * For what many ask at the same time, and what costs processes to read: nobody gets an answer whose reading began before the
 * question, so those that come while a reading is under way wait for the next one, and share it. However many ask, one
 * reading runs.
 */
export function shareReads<Facts>(read: () => Promise<Facts>): () => Promise<Facts> {
  let running: Promise<Facts> | undefined;
  let next: Promise<Facts> | undefined;

  const start = (): Promise<Facts> => {
    const own = read();
    running = own;
    return own.finally(() => {
      if (running === own && next === undefined) running = undefined;
    });
  };
  return () => {
    if (running === undefined) return start();
    return (next ??= running.then(goOn, goOn));
  };

  function goOn(): Promise<Facts> {
    next = undefined;
    return start();
  }
}
