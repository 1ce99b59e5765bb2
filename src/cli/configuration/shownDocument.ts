import { stringify } from "yaml";

import { toShownDocument } from "#config/diffDocuments.ts";

import { toVisibleText } from "../diff/visibleText.ts";

/**
 * A document as a machine sends it, in JSON; null for none. Secrets are left out there already, and here once more:
 * an older machine may know fewer of them.
 */
export function parseShownDocument(json: string): unknown {
  if (json === "") return null;
  return toShownDocument(JSON.parse(json));
}

/** For people: YAML, line by line, so that no text moves the cursor. */
export function renderShownDocument(document: unknown): string {
  return stringify(document).split("\n").map(toVisibleText).join("\n");
}
