import type { EtcFile } from "#config/etcFile.ts";
import type { ConfigurationOutcome, FoundDocument } from "#config/judgeDocument.ts";
import { planEtc, type AfterStep, type BootFacts, type EtcStep } from "#config/planEtc.ts";

import { CONFIGURATION_OUTCOME_PATH } from "./configuration/configurationOutcome.ts";
import { parseMountInfo } from "./facts/mounts.ts";
import { keepKernelSettings } from "./keepKernelSettings.ts";
import type { Log } from "./log.ts";

/** What putting /etc in place needs from the machine. The real one is system/etcMachine.ts. */
export interface EtcMachine {
  /** Undefined when there is no such file. */
  readText(path: string): Promise<string | undefined>;
  writeText(path: string, content: string, mode: number): Promise<void>;
  /** The same, whole or not at all: for files that others read meanwhile. */
  replaceText(path: string, content: string, mode: number): Promise<void>;
  writeLink(path: string, target: string): Promise<void>;
  writeKernelSetting(path: string, value: string): Promise<void>;
  mountTmpfs(target: string): Promise<void>;
  /** The first layer lies on top. */
  mountReadOnlyOverlay(layers: readonly string[], target: string): Promise<void>;
  unmount(target: string): Promise<void>;
  /** What is open in it stays open. */
  unmountLazily(target: string): Promise<void>;
  /** Has PID 1 read its units and its own settings again. */
  reloadUnits(): Promise<void>;
  /** Without waiting for what comes of it: a unit may wait for one that waits for this program. */
  startUnit(unit: string): Promise<void>;
}

export interface EtcPaths {
  readonly etc: string;
  /** Where the layer over the image's /etc is filled. */
  readonly layer: string;
  readonly outcome: string;
  readonly hostname: string;
  /** The folder of the kernel's settings. */
  readonly kernelSettings: string;
  /** What those settings were before a document said otherwise. */
  readonly settingsBefore: string;
  readonly mountInfo: string;
}

export const ETC_PATHS: EtcPaths = {
  etc: "/etc",
  layer: "/run/socle/etc",
  outcome: CONFIGURATION_OUTCOME_PATH,
  hostname: "/proc/sys/kernel/hostname",
  kernelSettings: "/proc/sys",
  settingsBefore: "/run/socle/kernel-settings.json",
  // PID 1's view: what counts is the machine's /etc, not that of a namespace.
  mountInfo: "/proc/1/mountinfo",
};

export interface EtcWork {
  readonly machine: EtcMachine;
  readonly paths: EtcPaths;
  readonly findDocument: () => Promise<FoundDocument | undefined>;
  /** Whether what lies on /etc is to give way to what the document says now. */
  readonly again: boolean;
  readonly log: Log;
}

/** Puts /etc in place as the machine's document wants it. Run twice, it finds nothing to do, unless it is to do it again. */
export async function configureEtc(work: EtcWork): Promise<void> {
  const steps = planEtc(await readBootFacts(work));
  if (steps.length === 0) return work.log("info", "an overlay lies on /etc already; nothing to do");
  for (const step of steps) await performStep(work, step);
  const settings = steps.flatMap((step) => (step.kind === "set-kernel-setting" ? [step] : []));
  await keepKernelSettings(work, settings);
}

async function readBootFacts({ machine, paths, findDocument, again }: EtcWork): Promise<BootFacts> {
  const [mountInfo, machineId, document] = await Promise.all([
    machine.readText(paths.mountInfo),
    machine.readText(`${paths.etc}/machine-id`),
    findDocument(),
  ]);
  const mounts = parseMountInfo(mountInfo ?? "");
  return {
    again,
    etcIsMounted: mounts.some(({ target, fstype }) => target === paths.etc && fstype === "overlay"),
    layerIsMounted: mounts.some(({ target }) => target === paths.layer),
    machineId,
    document,
  };
}

async function performStep(work: EtcWork, step: EtcStep): Promise<void> {
  const { machine, paths } = work;
  switch (step.kind) {
    case "mount-layer":
      return machine.mountTmpfs(paths.layer);
    case "unmount-layer":
      return machine.unmount(paths.layer);
    case "write-file":
      return writeFile(machine, paths, step.file);
    case "set-hostname":
      return machine.writeKernelSetting(paths.hostname, step.hostname);
    case "set-image-hostname":
      return setImageHostname(machine, paths);
    case "unmount-etc":
      return machine.unmountLazily(paths.etc);
    case "mount-etc":
      return machine.mountReadOnlyOverlay([paths.layer, paths.etc], paths.etc);
    case "record":
      return recordOutcome(work, step.outcome);
    case "set-kernel-setting":
      return; // all together, since what they were before has to be kept
    case "reload-units":
    case "start-units":
      return performAfterStep(work, step);
  }
}

/** Leaves what came of the document, for the status and for whoever watches for a change. */
export async function recordOutcome(
  { machine, paths, log }: Pick<EtcWork, "machine" | "paths" | "log">,
  outcome: ConfigurationOutcome,
): Promise<void> {
  tell(log, outcome);
  await machine.replaceText(paths.outcome, `${JSON.stringify(outcome, null, 2)}\n`, 0o644);
}

async function writeFile(machine: EtcMachine, paths: EtcPaths, file: EtcFile): Promise<void> {
  const path = `${paths.layer}/${file.path}`;
  if ("target" in file) return machine.writeLink(path, file.target);
  const before = file.afterImage === true ? await machine.readText(`${paths.etc}/${file.path}`) : undefined;
  await machine.writeText(path, `${before ?? ""}${file.content}`, file.mode);
}

async function setImageHostname(machine: EtcMachine, paths: EtcPaths): Promise<void> {
  const name = (await machine.readText(`${paths.etc}/hostname`))?.trim() ?? "";
  if (name !== "") await machine.writeKernelSetting(paths.hostname, name);
}

/** /etc is in place, so the machine can be reached: nothing that fails here may end the boot. */
async function performAfterStep(
  { machine, log }: EtcWork,
  step: Exclude<AfterStep, { kind: "set-kernel-setting" }>,
): Promise<void> {
  const attempt = async (what: string, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      log("warning", `${what}: not done`, { error });
    }
  };
  switch (step.kind) {
    case "reload-units":
      return attempt("reading the units again", () => machine.reloadUnits());
    case "start-units":
      for (const unit of step.units) await attempt(`starting ${unit}`, () => machine.startUnit(unit));
  }
}

function tell(log: Log, { state, source, generation, problems }: ConfigurationOutcome): void {
  switch (state) {
    case "none":
      return log("info", "the machine has no configuration; /etc is the image's");
    case "applied":
      return log("info", "the machine's configuration is applied", { source, generation });
    case "refused":
      for (const problem of problems) log("error", problem, { source, generation });
      return log("error", "the machine's configuration is refused; /etc is the image's", { source });
  }
}
