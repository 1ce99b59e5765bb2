import type { EventSources } from "../events/watchEvents.ts";
import type { SupportPart } from "../support/getSupportBundle.ts";
import type { BootVerdict } from "./listBoots.ts";
import type { CertificateSources } from "./listCertificates.ts";
import type { ObserveMachine } from "./observeMachine.ts";

/** What the views are made of. */
export interface ObserveOptions {
  readonly machine: ObserveMachine;
  readonly readVerdicts: () => Promise<BootVerdict[]>;
  readonly mayRestart: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The port that the agent listens on. */
  readonly ownPort: number;
  readonly certificates: CertificateSources;
  readonly events: EventSources;
  /** What a support bundle has beside the views: the agent's other answers. */
  readonly moreSupport: readonly SupportPart[];
}
