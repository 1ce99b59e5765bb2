import type { DescMessage, MessageShape } from "@bufbuild/protobuf";

import { callMachine, type MachineClients } from "../callMachine.ts";
import type { MachineView } from "../view/machineView.ts";
import { toDocument } from "./toDocument.ts";

interface ObservedView<Schema extends DescMessage> extends Pick<
  MachineView<MessageShape<Schema>>,
  "kind" | "draw"
> {
  /** For an error: `Cannot ${purpose} of …`. */
  readonly purpose: string;
  readonly schema: Schema;
  readonly ask: (
    observe: MachineClients["observe"],
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ) => Promise<MessageShape<Schema>>;
}

/** Long enough for a machine under emulation. */
const TIMEOUT_MS = 30_000;

/** A view whose document is all that the machine has answered. */
export function createObservedView<Schema extends DescMessage>({
  kind,
  purpose,
  schema,
  ask,
  draw,
}: ObservedView<Schema>): MachineView<MessageShape<Schema>> {
  return {
    kind,
    ask: (machine, { signal }) =>
      callMachine(machine, { purpose, timeoutMs: TIMEOUT_MS, signal }, ({ observe }, options) =>
        ask(observe, options),
      ),
    toDocument: (answer, { name }) => ({
      apiVersion: "socle/v1",
      kind,
      machine: name,
      ...toDocument(schema, answer),
    }),
    draw,
  };
}
