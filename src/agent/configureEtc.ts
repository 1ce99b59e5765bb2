import type { ConfigurationOutcome } from "#config/judgeDocument.ts";
import type { EtcFile } from "#config/etcFile.ts";
import { planEtc, type AfterStep, type BootFacts, type EtcStep } from "#config/planEtc.ts";

import { parseMountInfo } from "./facts/mounts.ts";
import { findDocument } from "./findDocument.ts";
import type { Log } from "./log.ts";

/** What putting /etc in place needs from the machine. The real one is system/etcMachine.ts. */
export interface EtcMachine {
  /** Undefined when there is no such file. */
  readText(path: string): Promise<string | undefined>;
  writeText(path: string, content: string, mode: number): Promise<void>;
  writeLink(path: string, target: string): Promise<void>;
  writeKernelSetting(path: string, value: string): Promise<void>;
  mountTmpfs(target: string): Promise<void>;
  /** The first layer lies on top. */
  mountReadOnlyOverlay(layers: readonly string[], target: string): Promise<void>;
  unmount(target: string): Promise<void>;
  /** Has PID 1 read its units and its own settings again. */
  reloadUnits(): Promise<void>;
  /** Without waiting for what comes of it: a unit may wait for one that waits for this program. */
  startUnit(unit: string): Promise<void>;
}

export interface EtcPaths {
  readonly etc: string;
  /** Where the layer over the image's /etc is filled. */
  readonly layer: string;
  /** The document that a machine keeps. */
  readonly document: string;
  readonly outcome: string;
  readonly hostname: string;
  /** The folder of the kernel's settings. */
  readonly kernelSettings: string;
  readonly mountInfo: string;
}

export const ETC_PATHS: EtcPaths = {
  etc: "/etc",
  layer: "/run/socle/etc",
  document: "/var/lib/socle/config.json",
  outcome: "/run/socle/configuration.json",
  hostname: "/proc/sys/kernel/hostname",
  kernelSettings: "/proc/sys",
  // PID 1's view: what counts is the machine's /etc, not that of a namespace.
  mountInfo: "/proc/1/mountinfo",
};

export interface EtcWork {
  readonly machine: EtcMachine;
  readonly paths: EtcPaths;
  readonly readCredential: () => Promise<string | undefined>;
  readonly log: Log;
}

/** Puts /etc in place as the machine's document wants it. Run again, it finds nothing to do. */
export async function configureEtc(work: EtcWork): Promise<void> {
  const steps = planEtc(await readBootFacts(work));
  for (const step of steps) await performStep(work, step);
  if (steps.length === 0) work.log("info", "an overlay lies on /etc already; nothing to do");
}

async function readBootFacts({ machine, paths, readCredential }: EtcWork): Promise<BootFacts> {
  const [mountInfo, machineId, document] = await Promise.all([
    machine.readText(paths.mountInfo),
    machine.readText(`${paths.etc}/machine-id`),
    findDocument({ credential: readCredential, file: () => machine.readText(paths.document) }),
  ]);
  const mounts = parseMountInfo(mountInfo ?? "");
  return {
    etcIsMounted: mounts.some(({ target, fstype }) => target === paths.etc && fstype === "overlay"),
    layerIsMounted: mounts.some(({ target }) => target === paths.layer),
    machineId,
    document,
  };
}

async function performStep(work: EtcWork, step: EtcStep): Promise<void> {
  const { machine, paths, log } = work;
  switch (step.kind) {
    case "mount-layer":
      return machine.mountTmpfs(paths.layer);
    case "unmount-layer":
      return machine.unmount(paths.layer);
    case "write-file":
      return writeFile(machine, paths, step.file);
    case "set-hostname":
      return machine.writeKernelSetting(paths.hostname, step.hostname);
    case "mount-etc":
      return machine.mountReadOnlyOverlay([paths.layer, paths.etc], paths.etc);
    case "record":
      tell(log, step.outcome);
      return machine.writeText(paths.outcome, `${JSON.stringify(step.outcome, null, 2)}\n`, 0o644);
    case "set-kernel-setting":
    case "reload-units":
    case "start-units":
      return performAfterStep(work, step);
  }
}

async function writeFile(machine: EtcMachine, paths: EtcPaths, file: EtcFile): Promise<void> {
  const path = `${paths.layer}/${file.path}`;
  if ("target" in file) return machine.writeLink(path, file.target);
  const before = file.afterImage === true ? await machine.readText(`${paths.etc}/${file.path}`) : undefined;
  await machine.writeText(path, `${before ?? ""}${file.content}`, file.mode);
}

/** /etc is in place, so the machine can be reached: nothing that fails here may end the boot. */
async function performAfterStep({ machine, paths, log }: EtcWork, step: AfterStep): Promise<void> {
  const attempt = async (what: string, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      log("warning", `${what}: not done`, { error });
    }
  };
  switch (step.kind) {
    case "set-kernel-setting":
      // Of a module or an interface that is not there yet: systemd sets it when it comes.
      return attempt(`the kernel's setting ${step.path}`, () =>
        machine.writeKernelSetting(`${paths.kernelSettings}/${step.path}`, step.value),
      );
    case "reload-units":
      return attempt("reading the units again", () => machine.reloadUnits());
    case "start-units":
      for (const unit of step.units) await attempt(`starting ${unit}`, () => machine.startUnit(unit));
  }
}

function tell(log: Log, { state, source, problems }: ConfigurationOutcome): void {
  switch (state) {
    case "none":
      return log("info", "the machine has no configuration; /etc is the image's");
    case "applied":
      return log("info", "the machine's configuration is applied", { source });
    case "refused":
      for (const problem of problems) log("error", problem, { source });
      return log("error", "the machine's configuration is refused; /etc is the image's", { source });
  }
}
