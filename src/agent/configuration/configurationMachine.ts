import type { UnitChange } from "#config/planApply.ts";

import type { DocumentMachine } from "../findDocument.ts";

/** What changing the configuration needs from the machine. The real one is system/configurationMachine.ts. */
export interface ConfigurationMachine extends DocumentMachine {
  /** Whole or not at all, root's only, and there for good when the promise is kept. */
  writeDurably(path: string, content: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Has configure.mjs put the document that counts now in place, and waits for it. */
  reloadConfiguration(): Promise<void>;
  /** Has PID 1 read its units again. */
  reloadUnits(): Promise<void>;
  /** @param mayStart whether a restart also starts what does not run */
  changeUnit(kind: UnitChange["kind"], unit: string, mayStart: boolean): Promise<void>;
}
