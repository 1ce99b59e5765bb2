/**
 * IP addresses as text: dotted quads without leading zeros, and RFC 4291, 2.2. Not here: zones
 * (`fe80::1%eth0`), which mean something on one machine only, and the short and octal forms of IPv4.
 */

/** The text of one address that has been checked; plain strings do not fit. */
export type IpAddress = string & { readonly __brand: "IpAddress" };

export interface IpAddressValue {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** The value of an address; undefined when the text is none. */
export function parseIpAddress(text: string): IpAddressValue | undefined {
  const family = text.includes(":") ? 6 : 4;
  const bits = family === 4 ? parseIpv4(text) : parseIpv6(text);
  return bits === undefined ? undefined : { family, bits };
}

export function isIpAddress(text: string): text is IpAddress {
  return parseIpAddress(text) !== undefined;
}

const IPV4_PART = /^(?:0|[1-9]\d{0,2})$/;
const IPV6_GROUP = /^[0-9a-fA-F]{1,4}$/;

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => IPV4_PART.test(part) && Number(part) <= 255))
    return undefined;
  return join(parts.map(BigInt), 8n);
}

function parseIpv6(text: string): bigint | undefined {
  // The last 32 bits may be written as IPv4 is: then two groups take their place.
  const [, before, quad] = /^(.*:)([\d.]+)$/s.exec(text) ?? [];
  if (before !== undefined && quad?.includes(".")) {
    const bits = parseIpv4(quad);
    return bits === undefined
      ? undefined
      : parseIpv6(`${before}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`);
  }
  const [head, tail, ...more] = text.split("::").map((half) => (half === "" ? [] : half.split(":")));
  if (head === undefined || more.length > 0) return undefined;
  const written = [...head, ...(tail ?? [])];
  const left = 8 - written.length;
  if (tail === undefined ? left !== 0 : left < 1) return undefined; // "::" stands for one group or more
  if (!written.every((group) => IPV6_GROUP.test(group))) return undefined;
  const groups = [...head, ...Array<string>(left).fill("0"), ...(tail ?? [])];
  return join(
    groups.map((group) => BigInt(`0x${group}`)),
    16n,
  );
}

function join(parts: readonly bigint[], width: bigint): bigint {
  return parts.reduce((bits, part) => (bits << width) | part, 0n);
}

/** Whether one machine can have this address: neither "any" (0.0.0.0, ::) nor a multicast group. */
export function isUnicast({ family, bits }: IpAddressValue): boolean {
  return bits !== 0n && (family === 4 ? bits >> 28n !== 0xen : bits >> 120n !== 0xffn);
}

/** RFC 4291, 2.5.6: fe80::/10 is on every link. */
export function isLinkLocal({ family, bits }: IpAddressValue): boolean {
  return family === 6 && bits >> 118n === 0x3fan;
}
