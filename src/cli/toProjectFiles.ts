/** The files of a new project, by name. `socleFolder` is where Socle is, relative to the project. */
export function toProjectFiles(id: string, socleFolder: string): Record<string, string> {
  return {
    "package.json": toJson(toPackage(id, socleFolder)),
    "tsconfig.json": toJson(TSCONFIG),
    "system.ts": toSystem(id),
    "checks.ts": CHECKS,
    "checks.test.ts": CHECKS_TEST,
    ".gitignore": "node_modules/\nout/\n.socle/\n",
    "README.md": toReadme(id),
  };
}

function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function toPackage(id: string, socleFolder: string): object {
  const socle = "node_modules/socle/bin/socle";
  return {
    name: id,
    private: true,
    type: "module",
    scripts: {
      check: `${socle} check`,
      lock: `${socle} lock`,
      build: `${socle} build`,
      vm: `${socle} vm`,
      // The Node that Socle itself runs on: it takes TypeScript as it is.
      test: "node_modules/socle/node_modules/.bin/node --test",
    },
    // Without it, the next "npm install" would remove the link as something nobody asked for.
    devDependencies: { socle: `file:${socleFolder}` },
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024"],
    module: "nodenext",
    types: ["./node_modules/socle/node_modules/@types/node"],
    strict: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  },
  include: ["*.ts"],
};

function toSystem(id: string): string {
  return `import { defineSystem } from "socle";
import { nothingListens, rootUnder } from "socle/checks";
import { noCompiler } from "./checks.ts";

/**
 * The whole system. Hover a key to read what it does; "npm run check" says what is wrong, with the
 * line. Leave a key out to get its default; "node_modules/socle/bin/socle show" prints all of them.
 */
export default defineSystem({
  id: ${JSON.stringify(id)},
  // Each release needs a new, higher version.
  version: "1.0",

  // How immutable it is: "classic", "semi", "sealed" or "total"; or a policy for each of usr, etc and var.
  level: "sealed",

  // Debian packages. "npm run lock" pins their exact versions.
  packages: [],

  // Files by absolute path: the text itself, or { source: "./files/name", mode: "0644", owner: "root:root" }.
  files: {
    "/etc/motd": "Welcome to ${id}.\\n",
  },

  // units: { enable: ["nginx.service"], disable: [], mask: [] },
  // kernel: { modules: [], arguments: ["quiet"] },
  // hostname: ${JSON.stringify(id)},
  // timeZone: "Europe/Paris",
  // disk: { size: "2GiB", rootSlot: "600MiB" },

  // What must be true of every build; a finding fails it. Your own are in checks.ts, "npm test" tries them.
  checks: [rootUnder("600MiB"), nothingListens(), noCompiler],
});
`;
}

/** docs/checks.md shows the same two files. */
const CHECKS = `import type { Check } from "socle/checks";

/** Whoever breaks in should not find the tools to build more. */
export const noCompiler: Check = {
  name: "no compiler",
  check: ({ files }) =>
    files
      .filter(({ path }) => /^\\/usr\\/bin\\/(.*-)?(cc|gcc|g\\+\\+|clang)(-\\d+)?$/.test(path))
      .map(({ path }) => ({ path, message: "is a compiler" })),
};
`;

const CHECKS_TEST = `import { test } from "node:test";
import assert from "node:assert/strict";
import { createCheckInput } from "socle/checks";
import { noCompiler } from "./checks.ts";

test("a compiler is found by its name", async () => {
  const release = createCheckInput({ files: [{ path: "/usr/bin/gcc-14" }, { path: "/usr/bin/bash" }] });
  assert.deepEqual(await noCompiler.check(release), [{ path: "/usr/bin/gcc-14", message: "is a compiler" }]);
});
`;

function toReadme(id: string): string {
  return `# ${id}

An immutable system, described in \`system.ts\`.

    npm run check    says whether the definition is right, and where it is not
    npm run lock     pins every package to its version and hash; keep the lock with the definition
    npm run build    makes the image, below out/
    npm run vm       boots it in QEMU
    npm test         tries the checks of \`checks.ts\` on releases made by hand

An editor that knows TypeScript shows what each key does. All keys are in
\`node_modules/socle/docs/definition.md\`.

\`node_modules/socle\` links to the folder that Socle lies in. After a fresh clone, or when that folder has
moved, correct its path in \`package.json\` and run \`npm install\`.

For a definition as data, write \`system.yaml\` in place of \`system.ts\`, with this first line:

    # yaml-language-server: $schema=node_modules/socle/schema/socle-definition.schema.json
`;
}
