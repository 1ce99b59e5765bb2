import { InvalidArgumentError, Option } from "@commander-js/extra-typings";

/** For commands that can ask several machines at once: forEachMachine.ts does it. */
export function createNodesOption() {
  return new Option("-n, --nodes <names>", "several machines at once: a,b,c").argParser(parseNodes);
}

function parseNodes(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes(""))
    throw new InvalidArgumentError("write names with commas between them: edge-01,edge-02");
  return [...new Set(names)];
}
