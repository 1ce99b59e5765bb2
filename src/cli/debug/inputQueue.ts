/** What is put in comes out in order, to one who takes it piece by piece. */
export class InputQueue<Input> implements AsyncIterable<Input> {
  readonly #inputs: Input[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;

  push(input: Input): void {
    if (this.#isOver) return;
    this.#inputs.push(input);
    this.#wake?.();
  }

  /** What is in it still comes out. */
  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Input> {
    for (;;) {
      const input = this.#inputs.shift();
      if (input !== undefined) yield input;
      else if (this.#isOver) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
