/** What work tells while it goes on by itself: whoever listens gets all of it, and may stop listening. */
export class StepQueue<Step> implements AsyncIterable<Step> {
  readonly #steps: Step[] = [];
  #ended: { readonly error?: unknown } | undefined;
  #wake = Promise.withResolvers<void>();

  push(step: Step): void {
    this.#steps.push(step);
    this.#wake.resolve();
  }

  /** @param error thrown to who listens, after all steps */
  end(error?: unknown): void {
    this.#ended = error === undefined ? {} : { error };
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Step> {
    for (let index = 0; ;) {
      const step = this.#steps[index];
      if (step !== undefined) {
        index += 1;
        yield step;
      } else if (this.#ended !== undefined) {
        if ("error" in this.#ended) throw this.#ended.error;
        return;
      } else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      }
    }
  }
}
