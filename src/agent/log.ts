/** One JSON object a line, for the journal. No keys, tokens or certificate bodies go in. */
export type Log = (
  level: "info" | "warning" | "error",
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** @param now milliseconds since 1970 */
export function createLog(writeLine: (line: string) => void, now: () => number): Log {
  return (level, message, fields = {}) => {
    const time = new Date(now()).toISOString();
    writeLine(JSON.stringify({ time, level, message, ...fields }, replaceError));
  };
}

/** What matters of an Error is not enumerable, so JSON would not show it. */
function replaceError(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  const { code } = value as { code?: unknown };
  return {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    stack,
    ...(cause === undefined ? {} : { cause }),
  };
}
