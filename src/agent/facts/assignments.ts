/** `KEY=VALUE` lines as in a uevent file of sysfs and in the output of `systemctl show`: values are taken as they are. */
export function parseAssignments(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return values;
}

/** os-release(5): assignments with shell quoting, comments left out. Not here: `$` expansion, which the format forbids. */
export function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [key, value] of parseAssignments(text)) {
    if (/^[A-Z][A-Z0-9_]*$/.test(key)) values.set(key, unquote(value.trim()));
  }
  return values;
}

function unquote(value: string): string {
  if (/^'[^']*'$/.test(value)) return value.slice(1, -1);
  const inner = /^".*"$/.test(value) ? value.slice(1, -1) : value;
  return inner.replace(/\\(["'\\$`])/g, "$1");
}
