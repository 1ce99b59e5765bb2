/**
 * Makes a machine's own key and certificate: `node identity.mjs NAME`, run by the agent where there is none. A program of
 * its own, because what makes certificates takes memory and start time that an agent has better use for.
 */
import { createOwnCertificate } from "#trust/certificates.ts";

/** Nobody renews it, and no caller looks at its dates. */
const TWENTY_YEARS = 20 * 365;

const { cert, key } = await createOwnCertificate({
  name: process.argv[2] ?? "localhost",
  now: new Date(),
  days: TWENTY_YEARS,
});
process.stdout.write(JSON.stringify({ cert, key }));
