import { namespacePrefix, type Isolation } from "./isolation.ts";
import { noteCommand } from "./recordCommands.ts";
import { runCommand, type CommandOutput, type RunOptions } from "./runCommand.ts";

export interface ToolRunOptions extends Omit<RunOptions, "environment" | "cwd"> {
  /** Folders of the host that the command sees, under the same paths. */
  readonly folders: readonly string[];
  /** Further variables; the rest of the environment is fixed. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A small Debian tree with the exact tools that make and run images, so that results do not depend
 * on the host. Commands run inside by chroot, in namespaces of their own.
 */
export class ToolsTree {
  readonly folder: string;
  readonly isolation: Isolation;

  constructor(folder: string, isolation: Isolation) {
    this.folder = folder;
    this.isolation = isolation;
  }

  async run(argv: readonly string[], options: ToolRunOptions): Promise<CommandOutput> {
    noteCommand(argv);
    return runCommand(this.toHostCommand(argv, options.folders), {
      ...options,
      environment: { ...TOOL_ENVIRONMENT, ...options.environment },
      title: options.title ?? argv[0] ?? "",
    });
  }

  /** Runs a shell script inside; its arguments are `$1`, `$2`, … */
  async runScript(script: string, args: readonly string[], options: ToolRunOptions): Promise<CommandOutput> {
    return this.run(["sh", "-eu", "-c", script, "sh", ...args], options);
  }

  /** The whole command line on the host that runs `argv` inside the tree. */
  toHostCommand(argv: readonly string[], folders: readonly string[]): string[] {
    return [
      ...namespacePrefix(this.isolation),
      "sh",
      "-eu",
      "-c",
      ENTER,
      "sh",
      this.folder,
      String(folders.length),
      ...folders,
      ...argv,
    ];
  }
}

/** Nothing of the caller's environment reaches a tool: it could change what is built. */
export const TOOL_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C.UTF-8",
  TZ: "UTC",
  HOME: "/root",
};

// $1 the tree, $2 the number of folders, then the folders, then the command.
const ENTER = `
tree=$1 count=$2; shift 2
mount --rbind /dev "$tree/dev"
mount -t proc proc "$tree/proc"
mount --rbind /sys "$tree/sys"
mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
mount -t tmpfs -o mode=755 tmpfs "$tree/run"
while [ "$count" -gt 0 ]; do mkdir -p "$tree$1"; mount --rbind "$1" "$tree$1"; shift; count=$((count - 1)); done
exec chroot "$tree" "$@"
`;
