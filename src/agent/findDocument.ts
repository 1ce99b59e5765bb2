import type { ConfigurationSource, FoundDocument } from "#config/judgeDocument.ts";

/** Gives the text of each source's document, or undefined where there is none. */
export type DocumentReaders = Readonly<Record<ConfigurationSource, () => Promise<string | undefined>>>;

/** The machine's document: of the credential, or else the one that it keeps. The same order at every level. */
export async function findDocument({
  credential,
  file,
}: DocumentReaders): Promise<FoundDocument | undefined> {
  return (await readDocument("credential", credential)) ?? (await readDocument("file", file));
}

/** One that is there but cannot be read is found all the same: a later source must not take its place unseen. */
async function readDocument(
  source: ConfigurationSource,
  read: () => Promise<string | undefined>,
): Promise<FoundDocument | undefined> {
  try {
    const text = await read();
    return text === undefined ? undefined : { source, content: { text } };
  } catch (error) {
    return { source, content: { unreadable: error instanceof Error ? error.message : String(error) } };
  }
}
