import type { EventEmitter } from "node:events";

/** The connections of callers who have signed in. Nobody gets so many that others are kept out. */
export class SignedInConnections<Connection extends EventEmitter> {
  readonly #most: number;
  readonly #byCertificate = new Map<string, Set<Connection>>();

  /** @param most of one certificate */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Remembers it until it closes.
   * @param certificate what tells callers apart
   * @returns whether there was room; one too many is not remembered
   */
  add(connection: Connection, certificate: string): boolean {
    const own = this.#byCertificate.get(certificate) ?? new Set();
    if (own.size >= this.#most) return false;
    this.#byCertificate.set(certificate, own.add(connection));
    connection.once("close", () => {
      own.delete(connection);
      if (own.size === 0) this.#byCertificate.delete(certificate);
    });
    return true;
  }

  *[Symbol.iterator](): Generator<Connection> {
    for (const own of this.#byCertificate.values()) yield* own;
  }
}
