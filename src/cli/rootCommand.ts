import { Command, Option } from "@commander-js/extra-typings";
import packageFile from "../../package.json" with { type: "json" };
import { OUTPUT_FORMATS, type CommandContext } from "./commandContext.ts";
import { EXIT_CODE, type ExitCode } from "./exitCode.ts";
import { PROGRESS_MODES } from "./progress/progressMode.ts";

export interface GlobalOptions {
  readonly progress?: (typeof PROGRESS_MODES)[number];
  readonly json?: true;
  readonly quiet?: true;
  readonly debug?: true;
  /** Of commands that have a result. */
  readonly format?: (typeof OUTPUT_FORMATS)[number];
}

/** What is different about a command. */
export interface CommandTraits {
  /** The exit code of a failure which has none of its own, where 1 means something else. */
  readonly failedCode?: ExitCode;
  /** The first Ctrl-C stops nothing but the looking on, and the command says so itself. */
  readonly isOnlooker?: boolean;
}

/** Runs a command's work in its surroundings (terminal, progress, interrupts) and keeps its exit code. */
export type RunCommand = (
  options: GlobalOptions,
  work: (context: CommandContext) => Promise<number>,
  traits?: CommandTraits,
) => Promise<void>;

/** The program without its commands: options that all share, look of the help, wording of usage errors. */
export function createRootCommand() {
  return new Command("socle")
    .description("Build and run immutable Debian systems.")
    .usage("<command> [options]")
    .version(packageFile.version, "-V, --version", "print the version of socle")
    .addOption(
      new Option("--progress <mode>", "how to show progress (default: by what stderr is)").choices(
        PROGRESS_MODES,
      ),
    )
    .option("--json", "for programs: progress as JSON lines on stderr, the result as JSON on stdout")
    .option("-q, --quiet", "no progress; print the bare result only")
    .option("--debug", "show the stack of an error")
    .helpOption("-h, --help", "show help")
    .optionsGroup("Options:")
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .configureOutput({ outputError: (text, write) => write(toUsageMessage(text)) })
    .exitOverride();
}

export type RootCommand = ReturnType<typeof createRootCommand>;

/** For commands with a result. */
export function createFormatOption() {
  return new Option("-o, --format <form>", "form of the result").choices(OUTPUT_FORMATS);
}

/** Lines below a command's help: each example with what it does. */
export function renderExamples(
  examples: readonly (readonly [commandLine: string, purpose: string])[],
): string {
  const width = Math.max(...examples.map(([commandLine]) => commandLine.length));
  const lines = examples.map(([commandLine, purpose]) => `  ${commandLine.padEnd(width)}  ${purpose}`);
  return `\nExamples:\n${lines.join("\n")}`;
}

/** The parser's words in ours: a mark, what is allowed instead of "invalid". */
function toUsageMessage(text: string): string {
  const message = text
    .replace(/^error: /, "")
    .replace(/^(.*) argument '(.*)' is invalid\. /, '$1 is "$2": ')
    .replace(/^command-argument value '(.*)' is invalid for argument '(.*)'\. /, '$2 is "$1": ')
    .replace("Allowed choices are ", "use one of: ")
    .replace(/\n\(Did you mean (.*)\?\)/s, " — did you mean $1?");
  return `✗ ${message.trimEnd()}\n  Help  socle help        (exit ${EXIT_CODE.usage})\n`;
}
