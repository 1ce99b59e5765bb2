import { isUnicast, parseIpAddress, type IpAddressValue } from "./ipAddress.ts";

/** An address and the length of its network's prefix, `192.0.2.10/24`, that has been checked. */
export type IpNetwork = string & { readonly __brand: "IpNetwork" };

export interface IpNetworkValue {
  readonly address: IpAddressValue;
  readonly prefixLength: number;
}

/** The value of an address with a prefix; undefined when the text is none. A prefix of 0 is no network to be in. */
export function parseIpNetwork(text: string): IpNetworkValue | undefined {
  const [, before = "", digits] = /^([^/]+)\/([1-9]\d{0,2})$/.exec(text) ?? [];
  const address = parseIpAddress(before);
  const prefixLength = Number(digits);
  if (address === undefined || prefixLength > widthOf(address)) return undefined;
  return { address, prefixLength };
}

/** As parseIpNetwork, but a route may also lead to everything: `0.0.0.0/0`. */
export function parseRouteTarget(text: string): IpNetworkValue | undefined {
  const [, before] = /^([^/]+)\/0$/.exec(text) ?? [];
  if (before === undefined) return parseIpNetwork(text);
  const address = parseIpAddress(before);
  return address === undefined ? undefined : { address, prefixLength: 0 };
}

/** Why no machine can have this address in this network; undefined when one can. */
export function refuseHostAddress({ address, prefixLength }: IpNetworkValue): string | undefined {
  if (!isUnicast(address)) return "it is the address of no single machine";
  if (address.family === 6 || prefixLength > 30) return undefined; // /31 is a link of two hosts (RFC 3021)
  const hostBits = (1n << BigInt(32 - prefixLength)) - 1n;
  if ((address.bits & hostBits) === 0n)
    return "it is the network itself; write the address of this machine in it";
  return (address.bits & hostBits) === hostBits ? "it is the network's broadcast address" : undefined;
}

/** Whether an address lies in the network. */
export function holds({ address, prefixLength }: IpNetworkValue, other: IpAddressValue): boolean {
  const hostBits = BigInt(widthOf(address) - prefixLength);
  return address.family === other.family && address.bits >> hostBits === other.bits >> hostBits;
}

function widthOf({ family }: IpAddressValue): 32 | 128 {
  return family === 4 ? 32 : 128;
}
