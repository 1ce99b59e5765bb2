/**
 * The program of socle-configuration.service: `node configure.mjs`, early in the boot of a machine whose
 * /etc is rendered. Runs under `node --jitless` on the boot's critical path: it imports little.
 */
import { readCredential } from "#system/credentials.ts";
import { createEtcMachine } from "#system/etcMachine.ts";

import { configureEtc, ETC_PATHS } from "./configureEtc.ts";
import { createLog } from "./log.ts";

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);

try {
  await configureEtc({
    machine: createEtcMachine(),
    paths: ETC_PATHS,
    readCredential: () => readCredential("socle.config"),
    log,
  });
} catch (error) {
  log("error", "/etc cannot be put in place; it stays the image's", { error });
  process.exitCode = 1;
}
