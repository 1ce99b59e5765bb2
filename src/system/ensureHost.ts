import { reportStep, type Report } from "#progress/events.ts";

import { exists } from "./files.ts";
import { HostError, requireDebianFamily } from "./isolation.ts";
import { CommandError, runCommand } from "./runCommand.ts";

/** What the host itself must have; everything else is in the tools tree. */
const HOST_PACKAGES = [
  { file: "/usr/bin/mmdebstrap", name: "mmdebstrap" },
  { file: "/usr/share/keyrings/debian-archive-keyring.gpg", name: "debian-archive-keyring" },
];

/** Installs what is missing on the host, where that is allowed; otherwise says how to. */
export async function ensureHost({ report, signal }: { report: Report; signal: AbortSignal }): Promise<void> {
  requireDebianFamily();
  const missing: string[] = [];
  for (const { file, name } of HOST_PACKAGES) if (!(await exists(file))) missing.push(name);
  if (missing.length === 0) return;
  if (process.geteuid?.() !== 0) {
    throw new HostError("tool-missing", `Cannot build: ${missing.join(" and ")} is not installed`, {
      hint: `Once, as root: apt-get update && apt-get install ${missing.join(" ")}`,
    });
  }
  await reportStep(report, "host", async () => {
    const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" } as Record<
      string,
      string
    >;
    try {
      await runCommand(["apt-get", "update"], { environment, signal });
      await runCommand(["apt-get", "install", "--yes", "--no-install-recommends", ...missing], {
        environment,
        signal,
      });
    } catch (cause) {
      if (!(cause instanceof CommandError)) throw cause;
      throw new HostError("tool-missing", `Cannot install ${missing.join(" and ")} with the host's apt`, {
        cause,
        outputTail: cause.outputTail,
        hint: "`apt-get update` and `apt-get install` must work on this host.",
      });
    }
    return { value: undefined, detail: missing.join(" ") };
  });
}
