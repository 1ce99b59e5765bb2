import { parseIpAddress } from "./ipAddress.ts";
import { holds, parseIpNetwork } from "./ipNetwork.ts";

/**
 * Whether a host that is named by its address is one of those to be reached without a proxy: an address or a network of
 * the list has it. Names are not looked up.
 * @param noProxy entries with commas between them, as in the variable `no_proxy`
 * @param host as in a URL, so an IPv6 address in brackets
 */
export function listsAddress(noProxy: string, host: string): boolean {
  const address = parseIpAddress(host.replace(/^\[(.*)\]$/, "$1"));
  if (address === undefined) return false;
  return noProxy.split(",").some((part) => {
    const entry = part.trim();
    const listed = parseIpAddress(entry);
    if (listed !== undefined) return listed.family === address.family && listed.bits === address.bits;
    const network = parseIpNetwork(entry);
    return network !== undefined && holds(network, address);
  });
}
