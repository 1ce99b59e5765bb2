import { isIPv4 } from "node:net";

import type { ListenAddress } from "../listenAddress.ts";
import type { Log } from "../log.ts";

/** Shown on every console by socle-notice.service, which watches it: the agent may not touch a console. */
export const NOTICE_FILE = "notice";

export interface NoticeOptions {
  readonly listen: ListenAddress;
  readonly render: (addresses: readonly string[]) => string;
  /** Of all interfaces. */
  readonly listAddresses: () => Promise<readonly { readonly address: string }[]>;
  readonly show: (text: string) => Promise<void>;
  /** Ends once there is an address to show. */
  readonly isOnce: boolean;
  readonly everyMs: number;
  readonly log: Log;
}

/**
 * Shows a notice, and again when the addresses in it are others: a network may come late.
 * @returns what ends it
 */
export function keepNotice(options: NoticeOptions): () => void {
  const { listen, render, show, isOnce, everyMs, log } = options;
  let shown: string | undefined;
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      const addresses = toReachable(await options.listAddresses(), listen);
      const text = render(addresses);
      if (text !== shown) await show(text);
      shown = text;
      if (isOnce && addresses.length > 0) clearInterval(looking);
    } catch (error) {
      clearInterval(looking);
      log("warning", "nothing can be shown on the consoles", { error });
    } finally {
      isLooking = false;
    }
  };
  const looking = setInterval(() => void look(), everyMs);
  void look();
  return () => clearInterval(looking);
}

/** Where others may reach the port: addresses of one link only where there are no others. */
export function toReachable(
  all: readonly { readonly address: string }[],
  { host }: ListenAddress,
): readonly string[] {
  if (host !== "0.0.0.0" && host !== "::") return [host];
  const addresses = all
    .map(({ address }) => address.replace(/\/.*$/, ""))
    .filter((address) => !/^(127\.|::1$)/.test(address))
    .filter((address) => host === "::" || isIPv4(address));
  const routed = addresses.filter((address) => !/^(169\.254\.|fe80:)/i.test(address));
  return routed.length > 0 ? routed : addresses;
}
