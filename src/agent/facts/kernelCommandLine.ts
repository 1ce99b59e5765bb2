/**
 * The value of `key=` in a kernel command line; of several, the last, as in systemd. Double quotes
 * may surround a value or a whole word and can hold spaces.
 */
export function findKernelArgument(commandLine: string, key: string): string | undefined {
  const words = commandLine.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
  return words
    .map((word) => word.replaceAll('"', ""))
    .findLast((word) => word.startsWith(`${key}=`))
    ?.slice(key.length + 1);
}
