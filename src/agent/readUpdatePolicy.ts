import {
  IMAGE_UPDATE_PATH,
  ImageUpdateError,
  parseImageUpdateDefaults,
} from "#boot/policy/imageUpdateDefaults.ts";
import { toUpdatePolicy } from "#boot/policy/toUpdatePolicy.ts";
import type { UpdatePolicy } from "#boot/policy/updatePolicy.ts";
import { judgeDocument } from "#config/judgeDocument.ts";

import { ETC_PATHS } from "./configureEtc.ts";
import { findDocument } from "./findDocument.ts";

export interface PolicySources {
  /** Undefined when there is no such file. */
  readText(path: string): Promise<string | undefined>;
  /** Of the credential `socle.config`. */
  readCredential(): Promise<string | undefined>;
}

/**
 * Read anew at each question, at every level: a document that was put there a moment ago counts for updates
 * at once, while what it says of /etc waits for the next boot.
 * @throws {ImageUpdateError} when the image does not say what it does
 */
export async function readUpdatePolicy(sources: PolicySources): Promise<UpdatePolicy> {
  const [defaults, document] = await Promise.all([
    sources.readText(IMAGE_UPDATE_PATH),
    findDocument({
      credential: () => sources.readCredential(),
      file: () => sources.readText(ETC_PATHS.document),
    }),
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
