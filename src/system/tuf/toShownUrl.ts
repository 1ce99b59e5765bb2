/** An address for messages and logs: without a password, and without the query, which may hold a token. */
export function toShownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
