import assert from "node:assert/strict";
import { test } from "node:test";

import type { Generation } from "#config/generation.ts";
import { encodeGeneration } from "#config/generationRecord.ts";
import { confirm, foundHealthy, startTrial, supersede } from "#config/generations.ts";

import { toGenerationPath } from "./configuration/readGenerations.ts";
import { DRIVE_DOCUMENT_PATH, findDocument, IMAGE_DOCUMENT_PATH } from "./findDocument.ts";

const BOOT = "11111111-1111-4111-8111-111111111111";

function toDocument(hostname: string, more: object = {}): string {
  return JSON.stringify({ apiVersion: "socle/v1", kind: "MachineConfiguration", hostname, ...more });
}

function trial(number: number, document: string, bootId = BOOT) {
  return startTrial(number, { document, who: "ada", reason: "", bootId }, new Date(0));
}

interface Sources {
  readonly generations?: readonly (Generation | readonly [name: string, text: string])[];
  readonly image?: string;
  readonly credential?: string | Error;
  readonly drive?: string;
}

async function find({ generations = [], image, credential, drive }: Sources) {
  const files = new Map<string, string | undefined>([
    ["/usr/lib/socle/image.json", JSON.stringify({ version: "1.0", policies: { etc: "rendered" } })],
    ["/proc/sys/kernel/random/boot_id", `${BOOT}\n`],
    [IMAGE_DOCUMENT_PATH, image],
    [DRIVE_DOCUMENT_PATH, drive],
    ...generations.map((each): [string, string] =>
      "number" in each
        ? [toGenerationPath(each.number), encodeGeneration(each)]
        : [`/var/lib/socle/config/generations/${each[0]}`, each[1]],
    ),
  ]);
  const log: string[] = [];
  const machine = {
    readText: async (path: string) => files.get(path),
    listFolder: async (folder: string) =>
      [...files.keys()].flatMap((path) =>
        path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [],
      ),
    readCredential: async () => {
      if (credential instanceof Error) throw credential;
      return credential;
    },
  };
  const found = await findDocument(machine, (level, message, fields) =>
    log.push(`${level}: ${message} ${JSON.stringify(fields)}`),
  );
  if (found === undefined) return { found: "none", log };
  const { source, generation, content } = found;
  const text =
    "text" in content ? (JSON.parse(content.text) as { hostname: string }).hostname : content.unreadable;
  return { found: `${source}${generation === undefined ? "" : ` ${generation}`}: ${text}`, log };
}

const [A, B, NOTHING] = [toDocument("a"), toDocument("b"), ""];
/** As a newer version of the system would take it. */
const NEWER = toDocument("n", { colour: "blue" });
const OTHERS = { image: toDocument("i"), credential: toDocument("c"), drive: toDocument("d") };
const DAMAGED = ["7.json", encodeGeneration(confirm(trial(7, B))).slice(0, -20)] as const;

const TABLE: readonly [name: string, sources: Sources, found: string, warnings: number][] = [
  ["nothing is there", {}, "none", 0],
  ["only a drive", { drive: OTHERS.drive }, "drive: d", 0],
  ["a credential before a drive", { drive: OTHERS.drive, credential: OTHERS.credential }, "credential: c", 0],
  ["the image before them", OTHERS, "image: i", 0],
  ["a generation before all", { ...OTHERS, generations: [confirm(trial(1, A))] }, "generation 1: a", 0],
  [
    "the current one, not the newest",
    { generations: [supersede(confirm(trial(1, A))), confirm(trial(2, B)), trial(3, A, "another boot")] },
    "generation 2: b",
    0,
  ],
  [
    "the one on trial in this boot",
    { generations: [confirm(trial(1, A)), trial(2, B)] },
    "generation 2: b",
    0,
  ],
  [
    "a generation that says to start as the machine does",
    { ...OTHERS, generations: [supersede(confirm(trial(1, A))), confirm(trial(2, NOTHING))] },
    "image: i",
    0,
  ],
  [
    "after an update is taken back, the newest that this version was healthy with",
    {
      generations: [
        foundHealthy(supersede(confirm(trial(1, A))), "1.0"),
        supersede(confirm(trial(2, B))),
        confirm(trial(3, NEWER)),
      ],
    },
    "generation 1: a",
    1,
  ],
  [
    "nothing that this version reads: as the machine starts",
    { ...OTHERS, generations: [confirm(trial(1, NEWER))] },
    "image: i",
    1,
  ],
  [
    "a record that was torn",
    { ...OTHERS, generations: [supersede(confirm(trial(6, A))), DAMAGED] },
    "generation 6: a",
    1,
  ],
  [
    "records that are none",
    {
      ...OTHERS,
      generations: [
        ["1.json", ""],
        ["2.json", "null"],
        ["3.json.5a5a.tmp", "{"],
        ["x.json", "{"],
      ],
    },
    "image: i",
    2,
  ],
  [
    "a record under another number",
    { ...OTHERS, generations: [["9.json", encodeGeneration(confirm(trial(1, A)))]] },
    "image: i",
    1,
  ],
  [
    "a source that cannot be read is not passed over",
    { drive: OTHERS.drive, credential: new Error("EIO: i/o error") },
    "credential: EIO: i/o error",
    0,
  ],
];

for (const [name, sources, expected, warnings] of TABLE)
  test(`${name}: ${expected}`, async () => {
    const { found, log } = await find(sources);
    assert.equal(found, expected);
    assert.equal(log.length, warnings, log.join("\n"));
    assert.ok(
      log.every((line) => line.startsWith("warning") && !line.includes("hostname")),
      log.join("\n"),
    );
  });

test("a refused document is found all the same: no other takes its place", async () => {
  assert.equal((await find({ image: toDocument("-"), credential: OTHERS.credential })).found, "image: -");
});
