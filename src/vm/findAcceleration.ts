import { join } from "node:path";

import { exists, readIfPresent, writeAtomic } from "#system/files.ts";
import { startProcess } from "#system/startProcess.ts";
import { TOOL_ENVIRONMENT, type ToolsTree } from "#system/toolsTree.ts";

import type { Acceleration } from "./planQemu.ts";
import { readUki } from "./readUki.ts";

const PROBE_TIMEOUT_MS = 10_000;

/**
 * Whether KVM really works: the device can exist and every guest still fail. A kernel is started
 * and must say its first line; it is taken out of a unified kernel image. The answer is kept until the host is started anew.
 */
export async function findAcceleration(tools: ToolsTree, folder: string, uki: string): Promise<Acceleration> {
  if (!(await exists("/dev/kvm"))) return "tcg";
  const bootId = ((await readIfPresent("/proc/sys/kernel/random/boot_id")) ?? "").trim();
  const file = join(folder, `acceleration-${bootId}`);
  const known = (await readIfPresent(file))?.trim();
  if (known === "kvm" || known === "tcg") return known;
  const kernel = join(folder, "probe", "kernel");
  await writeAtomic(kernel, (await readUki(uki)).kernel);
  const found = (await doesKvmBoot(tools, kernel)) ? "kvm" : "tcg";
  await writeAtomic(file, `${found}\n`);
  return found;
}

async function doesKvmBoot(tools: ToolsTree, kernel: string): Promise<boolean> {
  const argv = [
    "qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot",
    "-machine", "q35,accel=kvm", "-cpu", "host", "-m", "256M", "-serial", "stdio",
    "-kernel", kernel, "-append", "console=ttyS0 panic=-1",
  ]; // prettier-ignore
  return new Promise((resolve) => {
    const probe = startProcess(tools.toHostCommand(argv, [join(kernel, "..")]), {
      environment: TOOL_ENVIRONMENT,
      onOutput: (text) => {
        if (text.includes("Linux version")) settle(true);
      },
      onError: () => {},
    });
    const timeout = setTimeout(() => settle(false), PROBE_TIMEOUT_MS);
    function settle(works: boolean): void {
      clearTimeout(timeout);
      probe.kill();
      resolve(works);
    }
    probe.ended.then(
      () => settle(false),
      () => settle(false),
    );
  });
}
