/** 64 lower-case hex characters that have been checked; plain strings do not fit. */
export type Sha256 = string & { readonly __brand: "Sha256" };

export function isSha256(text: string): text is Sha256 {
  return /^[0-9a-f]{64}$/.test(text);
}

export function parseSha256(text: string): Sha256 {
  if (!isSha256(text))
    throw new TypeError(`Cannot take "${text}" as a SHA-256: 64 lower-case hex characters are wanted`);
  return text;
}
