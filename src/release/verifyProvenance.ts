import { z } from "zod";

import { verifyDsse, type TrustedKey } from "#trust/dsse.ts";

import type { Checksum } from "./checksums.ts";
import { BUILD_TYPE, PREDICATE_TYPE, PROVENANCE_PAYLOAD_TYPE, STATEMENT_TYPE } from "./provenance.ts";
import { ProvenanceError } from "./provenanceError.ts";
import { isSha256, type Sha256 } from "./sha256.ts";

const sha256 = z.custom<Sha256>((value) => typeof value === "string" && isSha256(value), {
  error: "wanted 64 lower-case hex digits",
});
const digest = z.object({ sha256 });

// in-toto: what a reader does not know it passes over. Everything here is signed.
const statement = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.object({ name: z.string(), digest })).min(1),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.object({
    buildDefinition: z.object({
      buildType: z.literal(BUILD_TYPE),
      externalParameters: z.object({
        definition: z.object({ id: z.string(), version: z.string(), digest }),
        lock: z.object({ digest }),
      }),
      resolvedDependencies: z.array(
        z.object({
          uri: z.string().optional(),
          name: z.string().optional(),
          digest,
          annotations: z.record(z.string(), z.unknown()).optional(),
        }),
      ),
    }),
    runDetails: z.object({
      builder: z.object({ id: z.string(), version: z.record(z.string(), z.string()) }),
    }),
  }),
});

export type Provenance = Readonly<z.output<typeof statement>>;

/**
 * Throws unless one of the keys has signed the envelope and it speaks of all of these files, with
 * these digests. That there are no others it does not say.
 */
export function verifyProvenance(
  envelope: string,
  keys: readonly TrustedKey[],
  files: readonly Checksum[],
): Provenance {
  const { payloadType, payload } = verifyDsse(envelope, keys, 1);
  if (payloadType !== PROVENANCE_PAYLOAD_TYPE) {
    throw new ProvenanceError(
      "provenance-malformed",
      `Cannot read the provenance: the envelope holds "${payloadType}", wanted "${PROVENANCE_PAYLOAD_TYPE}"`,
    );
  }
  const provenance = parseStatement(Buffer.from(payload).toString());
  const subjects = new Map(provenance.subject.map((subject) => [subject.name, subject.digest.sha256]));
  const differing = files.filter((file) => subjects.get(file.name) !== file.sha256);
  if (files.length > 0 && differing.length === 0) return provenance;
  const reasons = differing.map(
    ({ name }) => `"${name}" ${subjects.has(name) ? "has other bytes" : "is not in it"}`,
  );
  throw new ProvenanceError(
    "provenance-mismatch",
    `The provenance is not that of these files: ${reasons.join(", ") || "there are none"}`,
  );
}

function parseStatement(text: string): Provenance {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ProvenanceError("provenance-malformed", "Cannot read the provenance: it is not JSON", {
      cause,
    });
  }
  const parsed = statement.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ProvenanceError(
    "provenance-malformed",
    `Cannot read the provenance:\n${z.prettifyError(parsed.error)}`,
  );
}
