/**
 * The program of socle-configuration.service: `node configure.mjs`, early in the boot of a machine whose
 * /etc is rendered; `--again` while it runs, for another document. At other levels it only says what counts.
 * `--drive` keeps the document of a configuration drive that came later.
 * Runs under `node --jitless` on the boot's critical path: it imports little.
 */
import { judgeDocument } from "#config/judgeDocument.ts";
import { readConfigurationDrive } from "#system/configurationDrive.ts";
import { readCredential } from "#system/credentials.ts";
import { createEtcMachine } from "#system/etcMachine.ts";

import { readImageFacts } from "./configuration/readImageFacts.ts";
import { toDocumentText } from "./configuration/toDocumentText.ts";
import { configureEtc, ETC_PATHS, recordOutcome } from "./configureEtc.ts";
import { DRIVE_DOCUMENT_PATH, findDocument } from "./findDocument.ts";
import { createLog } from "./log.ts";

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);
const machine = createEtcMachine();

/** Kept for everyone who asks later; the drive can go. */
async function readDrive(): Promise<string | undefined> {
  const written = await readConfigurationDrive();
  if (written === undefined) return undefined;
  const text = await toDocumentText(written);
  await machine.replaceText(DRIVE_DOCUMENT_PATH, text, 0o600);
  return text;
}

async function main(): Promise<void> {
  const find = () =>
    findDocument({ ...machine, readCredential: () => readCredential("socle.config"), readDrive }, log);
  if (process.argv.includes("--drive")) return void (await readDrive());
  const { rendersEtc } = await readImageFacts(machine);
  const again = process.argv.includes("--again");
  const work = { machine, paths: ETC_PATHS, findDocument: find, again, log };
  if (rendersEtc) return configureEtc(work);
  await recordOutcome(work, judgeDocument(await find()).outcome);
}

try {
  await main();
} catch (error) {
  log("error", "the machine's configuration cannot be put in place", { error });
  process.exitCode = 1;
}
