import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

import { UpdateOutcome, UpdateService, type UpdateEvent } from "#protocol/gen/socle/v1/update_pb.ts";
import { toSysupdateTransfers } from "#release/sysupdateTransfers.ts";

import type { PowerCutMachine } from "./powerCutMachine.ts";
import { CHANNEL, SUBJECTS, type SubjectName } from "./powerCutSubjects.ts";

export interface UpdateResult {
  readonly succeeded: boolean;
  /** The last thing that was said. */
  readonly says: string;
}

/**
 * Brings the newest release of the channel, without a restart. Settles when the updater says that
 * it is done; rejects when it is cut off.
 * @param port of the repository's server on the host
 */
export async function bringUpdate(
  machine: PowerCutMachine,
  subject: SubjectName,
  port: number,
): Promise<UpdateResult> {
  const repository = `http://10.0.2.2:${port}/`; // QEMU's name for the host's loopback
  return SUBJECTS[subject].kind === "socle"
    ? applyByAgent(machine, { repositoryUrl: repository, channel: CHANNEL })
    : runSysupdate(machine, subject, repository);
}

const DONE: readonly UpdateOutcome[] = [UpdateOutcome.STAGED, UpdateOutcome.UP_TO_DATE];

export async function applyByAgent(
  machine: PowerCutMachine,
  target: { readonly repositoryUrl: string; readonly channel: string },
  onEvent: (event: UpdateEvent["event"]) => void = () => {},
): Promise<UpdateResult> {
  const { host, port, caPem: ca, certPem: cert, keyPem: key } = machine.access;
  const transport = createConnectTransport({
    httpVersion: "2",
    baseUrl: `https://${host}:${port}`,
    nodeOptions: { ca, cert, key, minVersion: "TLSv1.3" },
  });
  for await (const { event } of createClient(UpdateService, transport).applyUpdate({ target })) {
    if (event === undefined) continue;
    onEvent(event.event);
    if (event.event.case !== "finished") continue;
    const { outcome, code, message, gates } = event.event.value;
    const closed = gates.filter(({ open }) => !open).map(({ name, says }) => `${name}: ${says}`);
    const says = [toOutcomeName(outcome), code, message, ...closed].filter(Boolean).join(" ");
    return { succeeded: DONE.includes(outcome), says };
  }
  throw new Error("The updater did not say how it ended");
}

function toOutcomeName(outcome: UpdateOutcome): string {
  return Object.entries(UpdateOutcome).find(([, value]) => value === outcome)?.[0] ?? "";
}

async function runSysupdate(
  machine: PowerCutMachine,
  id: SubjectName,
  repository: string,
): Promise<UpdateResult> {
  const transfers = toSysupdateTransfers({ id, url: `${repository}targets/${CHANNEL}/`, signed: true });
  const files = Object.entries(transfers).map(
    ([name, content]) => `cat > /run/sysupdate.d/${name} <<'END'\n${content}END`,
  );
  const script = `mkdir -p /run/sysupdate.d
${files.join("\n")}
# What it leaves in the page cache is not counted against it.
/usr/lib/systemd/systemd-sysupdate --no-pager update && sync`;
  const { exitStatus, output } = await machine.shell(script);
  return { succeeded: exitStatus === 0, says: output.trim().split("\n").slice(-6).join("\n") };
}
