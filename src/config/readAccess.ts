import type { AccessConfiguration } from "./accessConfiguration.ts";
import { listOf, readFields, type FieldReaders, type Place } from "./documentReader.ts";
import { readAuthority, readRevocations } from "./readPem.ts";

const ACCESS_FIELDS: FieldReaders<AccessConfiguration> = {
  authorities: listOf("certificates of authorities", 16, readAuthority),
  revocations: readRevocations,
};

export function readAccess(place: Place): AccessConfiguration | undefined {
  const { authorities, revocations } = readFields(place, ACCESS_FIELDS, ["authorities"]) ?? {};
  if (authorities === undefined) return undefined;
  return { authorities, ...(revocations === undefined ? {} : { revocations }) };
}
