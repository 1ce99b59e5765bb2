import { timestampDate } from "@bufbuild/protobuf/wkt";
import { ListedFileSchema, type ListedFile } from "#protocol/gen/socle/v1/observe_pb.ts";

import type { CommandContext } from "../commandContext.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import type { ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { followed } from "./showLogs.ts";
import { toDocument } from "./toDocument.ts";
import { writeRecord } from "./writeRecord.ts";

type Context = Pick<CommandContext, "stdout" | "signal" | "output">;

/** One line a file, as they come: a folder can be large. */
export async function showFileList(
  machine: NamedMachine,
  path: string,
  { recursive = false }: { readonly recursive?: boolean },
  context: Context,
): Promise<ExitCode> {
  const now = new Date();
  return followed(machine, `list "${path}"`, context, async ({ observe }, call) => {
    for await (const { files } of observe.listFiles({ path, recursive }, call))
      for (const file of files)
        writeRecord(toDocument(ListedFileSchema, file), context, () => renderFile(file, now));
  });
}

/** Its bytes, as they are. */
export async function showFile(
  machine: NamedMachine,
  path: string,
  { signal, write }: { readonly signal: AbortSignal; readonly write: (bytes: Uint8Array) => Promise<void> },
): Promise<ExitCode> {
  return followed(machine, `read "${path}"`, { signal }, async ({ observe }, call) => {
    for await (const { content } of observe.readFile({ path }, call)) await write(content);
  });
}

const TYPE_SIGNS: Readonly<Record<string, string>> = {
  directory: "d",
  symlink: "l",
  "character-device": "c",
  "block-device": "b",
  fifo: "p",
  socket: "s",
};

/** As `ls -l`, without group: `-rw-r--r-- 0  1.2 kB  3 h ago  /etc/motd`. */
function renderFile({ path, type, mode, uid, sizeBytes, modified, target }: ListedFile, now: Date): string {
  const size = type === "file" ? formatBytes(Number(sizeBytes)) : "–";
  const when = modified === undefined ? "–" : formatRelativeTime(timestampDate(modified), now);
  const arrow = target === "" ? "" : ` → ${toVisibleText(target)}`;
  return `${TYPE_SIGNS[type] ?? "-"}${toLetters(mode)}  ${String(uid).padStart(5)}  ${size.padStart(9)}  ${when.padEnd(14)}  ${toVisibleText(path)}${arrow}`;
}

function toLetters(mode: number): string {
  const letters = "rwxrwxrwx".split("").map((letter, at) => ((mode >> (8 - at)) & 1 ? letter : "-"));
  const special: readonly (readonly [bit: number, at: number, sign: string])[] = [
    [0o4000, 2, "s"],
    [0o2000, 5, "s"],
    [0o1000, 8, "t"],
  ];
  for (const [bit, at, sign] of special)
    if ((mode & bit) !== 0) letters[at] = letters[at] === "x" ? sign : sign.toUpperCase();
  return letters.join("");
}
