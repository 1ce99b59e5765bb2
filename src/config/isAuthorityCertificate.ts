/**
 * X.509 certificates (RFC 5280) in DER, as far as it takes to tell whether one may sign others. By hand, because
 * loading OpenSSL takes longer than everything else that a boot waits for here. Not here: whether signature, key
 * and dates are right; who uses a certificate has that judged then.
 */

interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
}

const SEQUENCE = 0x30;
const EXTENSIONS = 0xa3;
const BASIC_CONSTRAINTS = "551d13"; // 2.5.29.19

/** Undefined when the bytes are no certificate. */
export function isAuthorityCertificate(der: Uint8Array): boolean | undefined {
  const [certificate, ...more] = readDer(der) ?? [];
  if (certificate?.tag !== SEQUENCE || more.length > 0) return undefined;
  const [signed, algorithm, signature, ...others] = readDer(certificate.content) ?? [];
  const isWhole = algorithm?.tag === SEQUENCE && signature?.tag === 0x03 && others.length === 0;
  if (signed?.tag !== SEQUENCE || !isWhole) return undefined;
  const fields = readDer(signed.content);
  if (fields === undefined || fields.length < 6) return undefined;
  const extensions = fields.find(({ tag }) => tag === EXTENSIONS);
  const [list] = readDer(extensions?.content ?? new Uint8Array()) ?? [];
  for (const extension of readDer(list?.content ?? new Uint8Array()) ?? []) {
    const parts = readDer(extension.content) ?? [];
    if (Buffer.from(parts[0]?.content ?? []).toString("hex") !== BASIC_CONSTRAINTS) continue;
    const [constraints] = readDer(parts.at(-1)?.content ?? new Uint8Array()) ?? [];
    const [isCa] = readDer(constraints?.content ?? new Uint8Array()) ?? [];
    return isCa?.tag === 0x01 && isCa.content[0] === 0xff;
  }
  return false;
}

/** Whether the bytes are one SEQUENCE of right values, and nothing more. */
export function isOneSequence(der: Uint8Array): boolean {
  const values = readDer(der);
  const [value] = values ?? [];
  return values?.length === 1 && value?.tag === SEQUENCE && readDer(value.content) !== undefined;
}

/** The values that the bytes are, one after another (X.690, 8.1, lengths of 10.1); undefined when they are none. */
function readDer(bytes: Uint8Array): DerValue[] | undefined {
  const values: DerValue[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const tag = bytes[offset] ?? 0;
    const first = bytes[offset + 1];
    if (first === undefined || first === 0x80 || first > 0x84) return undefined;
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    const start = offset + 2 + lengthBytes;
    if (start > bytes.length) return undefined;
    let length = first < 0x80 ? first : 0;
    for (const byte of bytes.subarray(offset + 2, start)) length = length * 256 + byte;
    if (start + length > bytes.length) return undefined;
    values.push({ tag, content: bytes.subarray(start, start + length) });
    offset = start + length;
  }
  return values;
}
