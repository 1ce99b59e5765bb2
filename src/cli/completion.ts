import { dirname, join } from "node:path";
import { Command as PlainCommand } from "commander";
import { readFolderEntries } from "#system/folderEntries.ts";
import { SHELLS, type Shell } from "./commandOptions.ts";
import { completeMachines } from "./completeMachines.ts";
import { EVENT_KINDS } from "./observe/eventKinds.ts";
import type { RootCommand } from "./rootCommand.ts";

/** The script asks the launcher of this clone, so that it works from wherever `socle` was found. */
export async function renderCompletionScript(shell: Shell, projectRoot: string): Promise<string> {
  const { script } = await import("@bomb.sh/tab");
  const written = await collectLines(() => script(shell, "socle", quote(join(projectRoot, "bin/socle"))));
  return shell === "bash" ? BASH_PRELUDE + written.replace(/^readonly /gm, "") : written;
}

/**
 * The script needs one function of the package bash-completion, which a small host does not have.
 * It also declared its constants read-only, so that a second `source` failed.
 */
const BASH_PRELUDE = `if ! declare -F _get_comp_words_by_ref > /dev/null; then
    _get_comp_words_by_ref() {
        cur=\${COMP_WORDS[COMP_CWORD]}
        prev=\${COMP_WORDS[COMP_CWORD - 1]}
        words=("\${COMP_WORDS[@]}")
        cword=$COMP_CWORD
    }
fi
`;

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** What may follow `words`, one a line with its description; the last line is a directive for the script. */
export async function completeWords(
  program: RootCommand,
  words: readonly string[],
  folder: string,
): Promise<string> {
  const root = await describeProgram(program);
  const files = await listDefinitionFiles(words.at(-1) ?? "", folder, words[0] === "config");
  for (const command of root.commands.values()) {
    for (const name of ["file", "target", "from", "to"]) {
      const argument = command.arguments.get(name);
      if (argument === undefined) continue;
      argument.handler = (complete) => {
        for (const file of files) complete(file, file.endsWith("/") ? "folder" : "file");
      };
    }
  }
  await completeMachines(root, words);
  const only = root.commands.get("events")?.options.get("only");
  if (only !== undefined) {
    // Goes on behind the last comma, and names no kind twice.
    const before = (words.at(-1) ?? "").replace(/[^,]*$/, "");
    only.handler = (complete) => {
      for (const kind of EVENT_KINDS) if (!before.split(",").includes(kind)) complete(before + kind, "");
    };
  }
  const shell = root.commands.get("completion")?.arguments.get("shell");
  if (shell !== undefined) {
    shell.handler = (complete) => {
      for (const name of SHELLS) complete(name, "");
    };
  }
  return collectLines(() => root.parse([...words]));
}

/** All commands with their arguments and options, as the library knows them. */
async function describeProgram(program: RootCommand) {
  const { default: describe } = await import("@bomb.sh/tab/commander");
  // The adapter adds its own `complete` to what it describes: it gets a copy without ours.
  const copy = new PlainCommand("socle");
  for (const option of program.options) copy.addOption(option);
  for (const command of program.commands) {
    if (command.name() !== "complete" && command.name() !== "completion") {
      copy.addCommand(command as unknown as PlainCommand); // one class with two descriptions of its types
    }
  }
  return describe(copy, { completionCommandName: "completion" });
}

export type DescribedProgram = Awaited<ReturnType<typeof describeProgram>>;

/** Definitions or machine configurations, and folders with a slash, that continue the typed path. */
async function listDefinitionFiles(typed: string, folder: string, isConfig: boolean): Promise<string[]> {
  const wanted = isConfig ? /\.(ya?ml|json)$/ : /(?<!\.d|\.test)\.(ts|ya?ml)$/;
  const above = typed.endsWith("/") ? typed : typed.includes("/") ? `${dirname(typed)}/` : "";
  return (await readFolderEntries(join(folder, above)))
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .filter(({ name, isFolder }) => isFolder || wanted.test(name))
    .map(({ name, isFolder }) => above + name + (isFolder ? "/" : ""));
}

/** The library prints; we want to return. It does so without waiting for anything. */
async function collectLines(print: () => void): Promise<string> {
  const { Console } = await import("node:console");
  const { PassThrough } = await import("node:stream");
  const sink = new PassThrough();
  const original = globalThis.console;
  globalThis.console = new Console(sink);
  try {
    print();
  } finally {
    globalThis.console = original;
  }
  return String(sink.read() ?? "");
}
