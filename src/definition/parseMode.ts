export const MODE_WANTED = 'permissions in octal, such as "0644"';

export const MODE_PATTERN = /^0?[0-7]{3,4}$/;

/** Permission bits, or why they are none. */
export function parseMode(mode: string | number): { mode: number } | { wanted: string; hint?: string } {
  if (typeof mode === "string") {
    return MODE_PATTERN.test(mode) ? { mode: Number.parseInt(mode, 8) } : { wanted: MODE_WANTED };
  }
  // YAML 1.2 reads 0644 as six hundred and forty-four, which would be --w----r-T.
  if (isOctalMistakenForDecimal(mode)) {
    return { wanted: MODE_WANTED, hint: `this number is decimal; did you mean "0${mode}"?` };
  }
  return Number.isInteger(mode) && mode >= 0 && mode <= 0o7777 ? { mode } : { wanted: MODE_WANTED };
}

/** Whether the decimal digits are the usual ones of a mode: 644, 755, 4755; the owner first, who may do most. */
function isOctalMistakenForDecimal(mode: number): boolean {
  const [, owner, group, others] = /^[1-7]?([4-7])([04-7])([04-7])$/.exec(String(mode)) ?? [];
  return (
    owner !== undefined && group !== undefined && others !== undefined && owner >= group && group >= others
  );
}
