import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseDefinition } from "#definition/parseDefinition.ts";
import type { HealthInput } from "#definition/systemInput.ts";
import { parseHealthContract } from "#health/parseHealthContract.ts";
import { healthFiles } from "./healthFiles.ts";

function readFiles(health: HealthInput = {}): Map<string, string> {
  const files = healthFiles(parseDefinition({ id: "edge", version: "1.0", health }));
  return new Map(files.flatMap((file) => (file.kind === "file" ? [[file.path, String(file.content)]] : [])));
}

test("the contract in the image is that of the definition", () => {
  const health = { units: ["a.service"], soak: "1s" };
  const written = readFiles(health).get("/usr/lib/socle/health.json") ?? "";
  assert.deepEqual(
    parseHealthContract(written),
    parseDefinition({ id: "edge", version: "1.0", health }).health,
  );
});

test("the unit gives the program more time than its contract gives the machine, and its job more than that", () => {
  const unit = readFiles({
    timeout: "10min",
    soak: "1min",
    probes: { a: { tcp: "127.0.0.1:1", timeout: "2min" } },
  }).get("/usr/lib/systemd/system/socle-health.service");
  assert.match(unit ?? "", /^TimeoutStartSec=960$/m);
  assert.match(unit ?? "", /^JobTimeoutSec=1560$/m);
});

interface Boot {
  readonly isCounted?: boolean;
  readonly isBlessed?: boolean;
  readonly counted?: string;
  /** Undefined: the ESP is not mounted. */
  readonly images?: readonly string[] | undefined;
}

/** The exit status of is-boot-on-trial in a boot like that: its script, with the machine's places in a folder. */
async function isOnTrial(boot: Boot): Promise<boolean> {
  const { isCounted = true, isBlessed = false, counted = "edge_1.1+2-1.efi" } = boot;
  const images = "images" in boot ? boot.images : [counted];
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-trial-"));
  const variable = join(folder.path, "variable");
  await writeFile(variable, Buffer.from(`\x06\0\\EFI\\Linux\\${counted}\0`, "utf16le"));
  const linux = join(folder.path, "Linux");
  if (images !== undefined) await mkdir(linux);
  for (const image of images ?? []) await writeFile(join(linux, image), "");
  const script = (readFiles().get("/usr/lib/socle/is-boot-on-trial") ?? "")
    .replace("/usr/lib/socle/is-counted-boot", String(isCounted))
    .replace(/systemctl [^;]*/, String(isBlessed))
    .replace(/\/sys\/firmware\S+LoaderBootCountPath[^)]*/, variable)
    .replaceAll("/boot/EFI/Linux", linux);
  return await new Promise((done) => void execFile("sh", ["-c", script], (error) => done(error === null)));
}

const TRIALS: readonly [name: string, boot: Boot, isOnTrial: boolean][] = [
  ["a boot with tries left, and nothing else to start", {}, true],
  ["a boot that is not counted", { isCounted: false }, false],
  ["a boot that is blessed", { isBlessed: true }, false],
  [
    "the last try, beside a good version",
    { counted: "edge_1.1+0-3.efi", images: ["edge_1.1+0-3.efi", "edge_1.0.efi"] },
    true,
  ],
  [
    "the last try, beside one that has tries",
    { counted: "edge_1.1+0-3.efi", images: ["edge_1.1+0-3.efi", "edge_1.0+1-2.efi"] },
    true,
  ],
  ["the last try, alone", { counted: "edge_1.1+0-3.efi" }, false],
  [
    "the last try, beside another that is bad, and one half written",
    { counted: "edge_1.1+0-3.efi", images: ["edge_1.1+0-3.efi", "edge_1.0+0-3.efi", "edge_1.2.efi.part"] },
    false,
  ],
  ["the last try, without an ESP to look at", { counted: "edge_1.1+0-3.efi", images: undefined }, true],
];

for (const [name, boot, expected] of TRIALS)
  test(`${name}: ${expected ? "a fault restarts it" : "it stays up"}`, async () => {
    assert.equal(await isOnTrial(boot), expected);
  });
