import { LineCounter, isCollection, isMap, isNode, isPair, isScalar, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { Locate, Position } from "./position.ts";

export interface YamlText {
  readonly value: unknown;
  readonly locate: Locate;
  /** Why the text is no YAML; `value` means nothing then. */
  readonly syntaxErrors: readonly { readonly message: string; readonly position: Position }[];
}

/** Reads YAML 1.2, of which JSON is a part. Unknown tags are errors: their value would not be what it says. */
export function readYamlText(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const positionOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const syntaxErrors = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    message,
    position: positionOf(pos[0]),
  }));
  const locate: Locate = (keys, part) => {
    const offset = findOffset(document, keys, part);
    return offset === undefined ? undefined : positionOf(offset);
  };
  return {
    value: syntaxErrors.length > 0 ? undefined : toValue(document, syntaxErrors),
    locate,
    syntaxErrors,
  };
}

/** A file of many aliases can unfold to more than memory holds; the library counts and refuses. */
function toValue(document: Document, syntaxErrors: { message: string; position: Position }[]): unknown {
  try {
    return document.toJS();
  } catch (error) {
    syntaxErrors.push({
      message: error instanceof Error ? error.message : String(error),
      position: { line: 1, column: 1 },
    });
    return undefined;
  }
}

function findOffset(
  document: Document,
  keys: readonly (string | number)[],
  part: "key" | "value",
): number | undefined {
  const last = keys.at(-1);
  if (last === undefined) return 0;
  const parent = keys.length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true);
  if (!isCollection(parent)) return undefined;
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(last))
    : undefined;
  const node = isPair(pair)
    ? part === "key" || !isNode(pair.value)
      ? pair.key
      : pair.value
    : parent.get(last, true);
  return isNode(node) ? node.range?.[0] : undefined;
}
