/** As `openssl x509 -serial` shows it, without zeros in front: capitals, and the same for each way of writing it. */
export function toSerialNumber(hex: string): string {
  return hex
    .replaceAll(":", "")
    .replace(/^0+(?=.)/, "")
    .toUpperCase();
}
