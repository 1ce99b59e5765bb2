import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * Tells systemd that this service is up, where it waits for that (`Type=notify`). By the program
 * systemd-notify, because Node has no unix datagram sockets; so the unit needs `NotifyAccess=all`.
 */
export async function notifyReady(): Promise<void> {
  if (process.env["NOTIFY_SOCKET"] === undefined) return;
  // It waits until systemd has read the message: a sender that is gone cannot be matched to its unit.
  await promisify(execFile)("systemd-notify", ["--ready"]);
}
