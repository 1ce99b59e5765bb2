import type { Plugin } from "rolldown";

const PREFIX = "\0builtin:";
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * Gets Node's own modules by `process.getBuiltinModule`. An `import` of one asks for all its exports at once, those behind a
 * getter too, each of which loads other modules: `node:http` all of undici, `node:crypto` all of WebCrypto. Without JIT, Node
 * compiles each anew at every start, since its code cache was made with JIT: that was most of a program's start and a sixth of
 * its memory. What is behind a getter cannot be imported by name, then: it is not found when the program is bundled.
 */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  resolveId: (id) => (id.startsWith("node:") ? PREFIX + id : null),
  load: (id) => (id.startsWith(PREFIX) ? encodeModule(id.slice(PREFIX.length)) : null),
};

function encodeModule(name: string): string {
  const exported: object | undefined = process.getBuiltinModule(name);
  if (exported === undefined) throw new Error(`Node ${process.version} has no module "${name}"`);
  const names = Object.entries(Object.getOwnPropertyDescriptors(exported))
    .filter(([, property]) => property.enumerable === true && "value" in property)
    .map(([key]) => key)
    .filter((key) => IDENTIFIER.test(key) && key !== "default")
    .toSorted();
  return `const it = process.getBuiltinModule("${name}");
export default it;
${names.map((key) => `export const ${key} = it.${key};`).join("\n")}
`;
}
