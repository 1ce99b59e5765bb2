/** The client as a program, for a test that runs it as devices do. Prints the digest of each file that it fetched. */
import { join } from "node:path";

import { hashFile, readText } from "../files.ts";
import { openUpdateClient } from "./updateClient.ts";

const [url = "", trustedRootFile = "", folder = ""] = process.argv.slice(2);
const repository = await openUpdateClient({
  trustedRoot: await readText(trustedRootFile),
  stateFolder: join(folder, "state"),
  metadataUrl: `${url}metadata/`,
  targetsUrl: `${url}targets/`,
  clock: () => new Date("2026-11-23T00:00:00Z"),
  notBefore: new Date("2026-10-01T00:00:00Z"),
}).refresh();
const channel = await repository.readChannel("stable");
const { files } = await repository.readRelease(channel, channel.document.releases[0]?.version ?? "");
for (const target of files) {
  const file = join(folder, target.name);
  await repository.fetchArtifact(target, file);
  process.stdout.write(`${await hashFile(file)}  ${target.name}\n`);
}
process.stdout.write(`${"WebAssembly" in globalThis ? "with" : "without"} WebAssembly\n`);
