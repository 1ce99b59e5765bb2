import type { DescMessage, MessageShape } from "@bufbuild/protobuf";

import type { MachineClients } from "../callMachine.ts";
import type { View as Look } from "../update/renderGates.ts";

/** What a machine is asked once, and how it is shown. */
export interface MachineView<Schema extends DescMessage = DescMessage> {
  /** Of the document. */
  readonly kind: string;
  /** For an error: `Cannot ${purpose} of …`. */
  readonly purpose: string;
  readonly schema: Schema;
  readonly ask: (
    observe: MachineClients["observe"],
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ) => Promise<MessageShape<Schema>>;
  readonly render: (answer: MessageShape<Schema>, look: Look) => string;
}
