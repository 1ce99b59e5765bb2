import { toJson, type DescMessage, type JsonValue, type MessageShape } from "@bufbuild/protobuf";

const MOST_CHARACTERS = 200;
const MOST_ENTRIES = 20;

/** Fields whose text is somebody's secret, or holds one: a machine configuration has keys in it. */
const SECRET_FIELD = /^data$|document|password|passphrase|secret|token|key$|pem$|credential/i;
const PEM = /-----BEGIN/;

/** What was asked, for the log: short, and without what must not stand there. */
export function summarizeMessage(schema: DescMessage, message: MessageShape<DescMessage>): JsonValue {
  return summarize("", toJson(schema, message));
}

function summarize(field: string, value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    const shown = value.slice(0, MOST_ENTRIES).map((entry) => summarize(field, entry));
    return value.length > MOST_ENTRIES ? [...shown, `and ${value.length - MOST_ENTRIES} more`] : shown;
  }
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, summarize(name, inner)]));
  return typeof value === "string" ? summarizeText(field, value) : value;
}

function summarizeText(field: string, text: string): string {
  if (SECRET_FIELD.test(field) || PEM.test(text)) return `(${text.length} characters, not shown)`;
  const shown = withoutSecrets(text);
  return shown.length > MOST_CHARACTERS
    ? `${shown.slice(0, MOST_CHARACTERS)}… (${text.length} characters)`
    : shown;
}

/** Of an address: who signs in with what, and a query, which may be a token. */
function withoutSecrets(text: string): string {
  return text.replaceAll(
    /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^/?#\s]*@)?([^?#\s]*)([?#]\S*)?/gi,
    (_all, scheme, place, query) => `${String(scheme)}${String(place)}${query === undefined ? "" : "?…"}`,
  );
}
