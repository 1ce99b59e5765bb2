import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { confirmFingerprint } from "../maintenance/confirmFingerprint.ts";
import { provideConfiguration } from "../maintenance/provideConfiguration.ts";
import { renderResult } from "../renderResult.ts";
import { createView as createLook } from "../update/view.ts";
import { UsageError } from "../usageError.ts";
import { renderApplyResult, toApplyExitCode, toApplyResult } from "./applyResult.ts";

export interface ApplyFirstOptions {
  readonly host?: string;
  readonly port: number;
  readonly fingerprint?: string;
}

/** `socle config apply --insecure`: the first configuration of a machine that waits for one and knows nobody yet. */
export async function applyFirst(
  document: string,
  { host, port, fingerprint }: ApplyFirstOptions,
  context: Pick<
    CommandContext,
    "output" | "stdout" | "stderr" | "signal" | "isQuiet" | "isTerminal" | "report"
  >,
): Promise<ExitCode> {
  if (host === undefined)
    throw new UsageError(
      "no-address",
      "Where does the machine answer that is to get its first configuration?",
      {
        hint: "--host HOST, as its console shows it; a context is for machines that know you already",
      },
    );
  const known = await confirmFingerprint({ host, port, fingerprint }, context);
  if (known === undefined) {
    context.stderr("Nothing was changed.\n");
    return EXIT_CODE.failed;
  }
  context.report({
    kind: "step-started",
    step: "apply",
    detail: "the machine takes its first configuration",
  });
  const startedMs = performance.now();
  const tookMs = () => performance.now() - startedMs;
  const { signal } = context;
  const provided = await provideConfiguration({ host, port, fingerprint: known, document, signal }).catch(
    (error: unknown) => {
      context.report({ kind: "step-failed", step: "apply", tookMs: tookMs(), message: "no good answer" });
      throw error;
    },
  );
  if (provided.kind === "applied")
    context.report({ kind: "step-done", step: "apply", tookMs: tookMs(), cached: false, detail: "taken" });
  else context.report({ kind: "step-failed", step: "apply", tookMs: tookMs(), message: "refused" });
  const end =
    provided.kind === "applied"
      ? ({ outcome: "applied", generation: provided.generation } as const)
      : ({ outcome: "refused", problems: provided.problems } as const);
  const result = { ...toApplyResult(`${host}:${port}`, end), fingerprint: known };
  const look = createLook(process.stdout);
  const render = () => {
    if (context.isQuiet) return `${result.generation ?? ""}\n`;
    if (end.outcome === "refused") return renderApplyResult(result, look);
    const next = `  Call it  ${look.command} context add NAME --host ${host} --port ${port} --fingerprint ${known} --access FILE\n`;
    return renderApplyResult(result, look) + next;
  };
  context.stdout(await renderResult(result, context.output, render));
  return toApplyExitCode(result);
}
