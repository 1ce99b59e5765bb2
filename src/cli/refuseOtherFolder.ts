import { SocleError } from "#progress/socleError.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";
import { listFolder } from "#system/files.ts";

export class OutputError extends SocleError<"output-in-use"> {
  override readonly name = "OutputError";
}

/** The output is replaced whole, so it must be a release or nothing: not a folder with anything else in it. */
export async function refuseOtherFolder(output: string): Promise<void> {
  const names = await listFolder(output);
  if (names.length === 0 || names.includes(CHECKSUMS_NAME)) return;
  throw new OutputError(
    "output-in-use",
    `Cannot write into "${output}": it holds "${names[0]}" and is not a release`,
    { hint: "Name a folder that does not exist yet, or one that holds a release: --output DIR" },
  );
}
