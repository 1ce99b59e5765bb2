import {
  IMAGE_UPDATE_PATH,
  ImageUpdateError,
  parseImageUpdateDefaults,
} from "#boot/policy/imageUpdateDefaults.ts";
import { toUpdatePolicy } from "#boot/policy/toUpdatePolicy.ts";
import type { UpdatePolicy } from "#boot/policy/updatePolicy.ts";
import { judgeDocument } from "#config/judgeDocument.ts";

import { findDocument, type DocumentMachine } from "./findDocument.ts";
import type { Log } from "./log.ts";

/**
 * Read anew at each question, at every level: a document that was put in force a moment ago counts for updates at once.
 * @throws {ImageUpdateError} when the image does not say what it does
 */
export async function readUpdatePolicy(machine: DocumentMachine, log: Log): Promise<UpdatePolicy> {
  const [defaults, document] = await Promise.all([
    machine.readText(IMAGE_UPDATE_PATH),
    findDocument(machine, log),
  ]);
  if (defaults === undefined)
    throw new ImageUpdateError(
      "image-update-defaults",
      `Cannot read "${IMAGE_UPDATE_PATH}": the image has no such file`,
    );
  const { configuration, outcome } = judgeDocument(document);
  return toUpdatePolicy(
    parseImageUpdateDefaults(defaults),
    outcome.state === "refused" ? { refused: outcome.problems } : configuration.update,
  );
}
