import { InvalidArgumentError } from "@commander-js/extra-typings";

/** As `socle config history` lists them. */
export function parseGenerationNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InvalidArgumentError("write the number of a generation, as socle config history lists them");
  return Number(text);
}
