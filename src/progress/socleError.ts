/**
 * The base of every expected failure. Each boundary has its own subclass with a closed union of
 * codes; the CLI turns any of them into the same three parts: what failed, why, what to do next.
 */
export abstract class SocleError<Code extends string = string> extends Error {
  abstract override readonly name: string;
  /** Stable, kebab-case, listed in docs/errors.md. */
  readonly code: Code;
  /** What a person can do about it; one or more lines. */
  readonly hint: string | undefined;
  /** The end of the output of the tool that failed, if one did. */
  readonly outputTail: string | undefined;

  constructor(
    code: Code,
    message: string,
    options: { hint?: string | undefined; outputTail?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.outputTail = options.outputTail;
  }
}
