/** The form that this version of the system reads; what it renders comes from this one only. */
export const CURRENT_FORM = "socle/v1";

type JsonObject = Readonly<Record<string, unknown>>;

/** From the form before to the next one. It gets what nobody has checked, and leaves what it does not know. */
export interface Migration {
  readonly from: string;
  readonly to: string;
  readonly migrate: (document: JsonObject) => JsonObject;
}

/**
 * One line for each form that there was, the oldest first. A form gets a new name only when documents that
 * were right would not be any more; a new key alone is no new form. Empty: socle/v1 is the first.
 */
export const MIGRATIONS: readonly Migration[] = [];

export interface MigratedDocument {
  readonly document: unknown;
  /** What the document says of its form; undefined when it says nothing that could be one. */
  readonly writtenAs: string | undefined;
}

/**
 * A document in the newest form that can be come to. It is not changed where it is kept: a version of the
 * system that is gone back to finds what it knew.
 */
export function migrateDocument(
  document: unknown,
  migrations: readonly Migration[] = MIGRATIONS,
): MigratedDocument {
  if (!isObject(document)) return { document, writtenAs: undefined };
  const { apiVersion } = document;
  let migrated = document;
  // Each line once, in order, so that a mistake in the table is no endless loop.
  for (const { from, to, migrate } of migrations) {
    if (migrated["apiVersion"] === from) migrated = { ...migrate(migrated), apiVersion: to };
  }
  return { document: migrated, writtenAs: typeof apiVersion === "string" ? apiVersion : undefined };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
