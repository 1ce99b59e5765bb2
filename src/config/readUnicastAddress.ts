import { refuse, type Place } from "./documentReader.ts";
import { isUnicast, parseIpAddress, type IpAddress } from "./ipAddress.ts";

/** The address of one machine, without a prefix and a zone. */
export function readUnicastAddress(place: Place): IpAddress | undefined {
  const wanted = 'an IP address, such as "192.0.2.1" or "2001:db8::1"';
  if (typeof place.value !== "string") return refuse(place, wanted);
  const address = parseIpAddress(place.value);
  if (address !== undefined && isUnicast(address)) return place.value as IpAddress; // parsed and judged
  return refuse(place, wanted, /[/%]/.test(place.value) ? "without a prefix or a zone" : undefined);
}
