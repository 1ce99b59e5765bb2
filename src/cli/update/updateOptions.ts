import type { MessageInitShape } from "@bufbuild/protobuf";
import type { UpdateTargetSchema } from "#protocol/gen/socle/v1/update_pb.ts";

/** Which release is meant, as the command line says it. */
export interface TargetOptions {
  /** As the machine reaches it; the configured one when absent, and so are the others. */
  readonly repository?: string;
  readonly channel?: string;
  readonly release?: string;
  readonly allowDowngrade?: true;
  readonly retry?: true;
}

export interface ApplyOptions extends TargetOptions {
  readonly yes?: true;
  /** False: stage only. */
  readonly reboot: boolean;
  readonly dryRun?: true;
}

export type RollbackOptions = Pick<ApplyOptions, "yes" | "reboot" | "dryRun">;

export interface HoldOptions {
  readonly reason: string;
  readonly until?: Date;
  /** Milliseconds. */
  readonly for?: number;
}

export function toUpdateTarget(options: TargetOptions): MessageInitShape<typeof UpdateTargetSchema> {
  return {
    repositoryUrl: options.repository ?? "",
    channel: options.channel ?? "",
    version: options.release ?? "",
    allowDowngrade: options.allowDowngrade === true,
    retryFailed: options.retry === true,
  };
}
