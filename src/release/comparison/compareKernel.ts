import type { ComparedSystem } from "./comparedSystem.ts";
import type { KernelDiff } from "./releaseDiff.ts";

type Kernel = NonNullable<ComparedSystem["kernel"]>;

export function compareKernel(from: Kernel, to: Kernel): KernelDiff {
  const [before, after] = [toWords(from.commandLine), toWords(to.commandLine)];
  const addedArguments = withoutThose(after, before);
  const removedArguments = withoutThose(before, after);
  const isSameSet = addedArguments.length + removedArguments.length === 0;
  return {
    version: from.version === to.version ? null : { from: from.version, to: to.version },
    addedArguments,
    removedArguments,
    reordered: isSameSet && before.join(" ") !== after.join(" "),
  };
}

export function isEmptyKernelDiff(diff: KernelDiff): boolean {
  const { version, addedArguments, removedArguments, reordered } = diff;
  return version === null && addedArguments.length + removedArguments.length === 0 && !reordered;
}

/** As the kernel cuts them: blanks inside double quotes belong to a word. */
function toWords(commandLine: string): string[] {
  const words = commandLine.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.filter((word) => !word.startsWith("roothash="));
}

/** `console=` may stand there twice: each word takes away one. */
function withoutThose(words: readonly string[], taken: readonly string[]): string[] {
  const left = [...taken];
  return words.filter((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
