import type { CommandContext } from "../commandContext.ts";
import type { ExitCode } from "../exitCode.ts";
import type { View as Look } from "../update/renderGates.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import type { DrawnTable } from "./drawnTable.ts";

export type ViewContext = Pick<
  CommandContext,
  "output" | "stdout" | "stderr" | "report" | "signal" | "isQuiet"
>;

/** What a machine is asked once, and how the answer looks: to programs, to people, and beside those of other machines. */
export interface MachineView<Answer extends object> {
  /** Of the document, e.g. `Disks`; several are a `DisksList`. */
  readonly kind: string;
  readonly ask: (
    machine: NamedMachine,
    context: Pick<CommandContext, "report" | "signal">,
  ) => Promise<Answer>;
  /** With `apiVersion` and `kind`; the answer itself when absent. */
  readonly toDocument?: (answer: Answer, machine: NamedMachine) => object;
  /** The same number of tables for every answer. */
  readonly draw: (answer: Answer, look: Look) => readonly DrawnTable[];
  /** Of one machine only; its tables when absent. Ends with a line break. */
  readonly drawAlone?: (answer: Answer, look: Look) => string;
  /** For `-q`. */
  readonly drawBare?: (answer: Answer) => string;
  /** Where an answer can be bad news; else it is 0. */
  readonly toExitCode?: (answer: Answer) => ExitCode;
}
