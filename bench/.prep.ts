import { writeFileSync } from "node:fs";
import { openBenchWorkspace } from "./benchWorkspace.ts";
import { prepareMkosiTools, toPivotedCommand } from "./mkosiTools.ts";
const b = await openBenchWorkspace(new AbortController().signal);
const t = await prepareMkosiTools(b.workspace, b.context);
const folder = b.folder + "/mkosi";
writeFileSync(
  "/tmp/bench/mkosi.json",
  JSON.stringify(toPivotedCommand(t.tree, ["mkosi", "--directory", folder, "--force", "--debug"], [folder])),
);
