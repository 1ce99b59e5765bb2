import type { Refusal, TextRule } from "#definition/textRules.ts";

import { readFields, readText, type FieldReaders, type Place } from "./documentReader.ts";
import type { LogConfiguration, UploadUrl } from "./machineConfiguration.ts";

/**
 * Only systemd-journal-upload. journald itself could forward to an address (`ForwardToSocket=`), but it connects
 * at each message, waits for it, and encrypts nothing: an address that does not answer would stop every program
 * that writes a line.
 */
const UPLOAD_URL: TextRule = {
  wanted: 'the https: address of a systemd-journal-remote, such as "https://logs.example.org:19532"',
  pattern: /^https:\/\/[A-Za-z0-9._~:/[\]-]+$/,
  refuse: refuseUploadUrl,
  hint: (text) =>
    text.startsWith("http:") ? "logs say much of a machine: they leave it encrypted" : undefined,
};

interface ForwardDocument {
  readonly url: UploadUrl;
}

const FORWARD_FIELDS: FieldReaders<ForwardDocument> = { url: readText<UploadUrl>(UPLOAD_URL) };
const LOGS_FIELDS: FieldReaders<{ forward: ForwardDocument }> = { forward: readForward };

export function readLogs(place: Place): LogConfiguration | undefined {
  const { forward } = readFields(place, LOGS_FIELDS, ["forward"]) ?? {};
  return forward === undefined ? undefined : { uploadUrl: forward.url };
}

function readForward(place: Place): ForwardDocument | undefined {
  const { url } = readFields(place, FORWARD_FIELDS, ["url"]) ?? {};
  return url === undefined ? undefined : { url };
}

function refuseUploadUrl(text: string): Refusal | undefined {
  return URL.canParse(text) && new URL(text).hostname !== "" ? undefined : {};
}
