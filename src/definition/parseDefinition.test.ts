import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DefinitionError } from "./definitionError.ts";
import { parseDefinition } from "./parseDefinition.ts";
import type { SourceContents } from "./parseDefinition.ts";
import { describeProblem } from "./problem.ts";
import type { SystemInput } from "./systemInput.ts";

const GOOD: SystemInput = { id: "edge", version: "1.0" };

function problemsOf(input: unknown, sources?: SourceContents): string[] {
  try {
    parseDefinition(input, sources);
    return [];
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return error.problems.map((problem) => {
      const hint = problem.hint === undefined ? "" : ` (${problem.hint})`;
      return `${describeProblem(problem)}: ${problem.wanted}${hint}`;
    });
  }
}

test("a definition of an id and a version gets every default", () => {
  assert.deepEqual(parseDefinition(GOOD), {
    id: "edge",
    version: "1.0",
    name: "edge",
    distribution: { suite: "trixie", components: ["main"] },
    packages: [],
    files: {},
    units: { enable: [], disable: [], mask: [], restartable: [] },
    kernel: { package: "linux-image-cloud-amd64", modules: [], initrdModules: [], arguments: [] },
    hostname: "edge",
    timeZone: "UTC",
    locale: "C.UTF-8",
    policies: { usr: "verified", etc: "rendered", var: "persistent-noexec" },
    executionControl: "signed",
    root: { compression: "none" },
    disk: {
      sizeBytes: 2048 * 2 ** 20,
      espSizeBytes: 256 * 2 ** 20,
      rootSlotSizeBytes: 600 * 2 ** 20,
      veritySlotSizeBytes: 6 * 2 ** 20,
    },
    bootTries: 3,
    update: { channel: "stable", mode: "manual", spreadSeconds: 0, minimumAgeSeconds: 0 },
    health: {
      units: [],
      mayFail: [],
      probes: [],
      freeSpace: [{ path: "/var", bytes: 32 * 2 ** 20 }],
      soakMs: 5000,
      timeoutMs: 180_000,
      regression: { bootTime: 3, memory: 2, restarts: 3 },
    },
    debug: { allowed: false, longestSeconds: 3600, packages: ["busybox-static"] },
    sourceDateEpoch: Date.UTC(2026, 0, 1) / 1000,
  });
});

test("lists are sorted where order means nothing, kept where it does, and without doubles", () => {
  const parsed = parseDefinition({
    ...GOOD,
    packages: ["vim", "curl", "vim"],
    kernel: { modules: ["zram", "br_netfilter", "zram"], arguments: ["quiet", "audit=1"] },
    files: { "/etc/b": "b", "/etc/a": "a" },
  });
  assert.deepEqual(parsed.packages, ["curl", "vim"]);
  assert.deepEqual(parsed.kernel.modules, ["zram", "br_netfilter"]);
  assert.deepEqual(parsed.kernel.arguments, ["quiet", "audit=1"]);
  assert.deepEqual(Object.keys(parsed.files), ["/etc/a", "/etc/b"]);
});

test("a file takes its content, mode and owner as they are written", () => {
  const sources = new Map([
    ["text", Buffer.from("\uFEFFétoile\n")],
    ["bytes", Buffer.from([0xff, 0x00])],
  ]);
  const { files } = parseDefinition(
    {
      ...GOOD,
      files: {
        "/etc/plain": "plain\n",
        "/etc/text": { source: "text", mode: "4755", owner: "0:adm" },
        "/etc/bytes": { source: "bytes", mode: 0o600 },
      },
    },
    sources,
  );
  assert.deepEqual(files, {
    "/etc/bytes": { content: "/wA=", encoding: "base64", mode: 0o600, owner: "root:root" },
    "/etc/plain": { content: "plain\n", encoding: "utf8", mode: 0o644, owner: "root:root" },
    "/etc/text": { content: "\uFEFFétoile\n", encoding: "utf8", mode: 0o4755, owner: "0:adm" },
  });
});

test("a probe, a span and a size of the health section become plain data, in one order", () => {
  const { health } = parseDefinition(
    {
      ...GOOD,
      level: "total",
      health: {
        units: ["b.service", "a.service", "b.service"],
        probes: {
          page: { http: "http://127.0.0.1:8080/healthz", timeout: "1.5s" },
          db: { tcp: "[::1]:5432" },
          tool: { command: ["/usr/bin/tool", "--check"] },
          rows: { function: "/somewhere/rows.ts" },
        },
        freeSpace: { "/data": "1GiB" },
        soak: "0s",
        timeout: "1min",
        regression: false,
      },
    },
    new Map([["/somewhere/rows.ts", new Uint8Array()]]),
  );
  assert.deepEqual(health, {
    units: ["a.service", "b.service"],
    mayFail: [],
    probes: [
      { name: "db", timeoutMs: 10_000, kind: "tcp", host: "::1", port: 5432 },
      { name: "page", timeoutMs: 1500, kind: "http", url: "http://127.0.0.1:8080/healthz", status: 200 },
      { name: "rows", timeoutMs: 10_000, kind: "function", module: "/usr/lib/socle/probes/rows.mjs" },
      { name: "tool", timeoutMs: 10_000, kind: "command", command: ["/usr/bin/tool", "--check"] },
    ],
    freeSpace: [{ path: "/data", bytes: 2 ** 30 }],
    soakMs: 0,
    timeoutMs: 60_000,
  });
});

test("a mix of policies is a level too", () => {
  const level = { usr: "verified", etc: "read-only", var: "persistent" };
  assert.deepEqual(parseDefinition({ ...GOOD, level }).policies, level);
});

/** What is put over a good definition, and how each of its problems begins. */
const BAD: readonly [name: string, changes: object, ...problems: RegExp[]][] = [
  ["no id", { id: undefined }, /^id is missing: an id/],
  ["id with underscore", { id: "my_edge" }, /^id is "my_edge": lower-case .*use "-"/],
  ["id of capitals", { id: "Edge" }, /^id is "Edge": lower-case letters/],
  ["id of 33 letters", { id: "a".repeat(33), version: "1" }, /^id is "a+": .*at most 32/],
  [
    "probe of no kind",
    { health: { probes: { a: {} } } },
    /^health\.probes\.a is an object: an object with one of/,
  ],
  [
    "probe of two kinds",
    { health: { probes: { a: { http: "http://127.0.0.1/", tcp: "127.0.0.1:1" } } } },
    /an object with one of .*\(it has http and tcp\)/,
  ],
  [
    "probe over TLS",
    { health: { probes: { a: { http: "https://127.0.0.1/" } } } },
    /^health\.probes\.a\.http is .*function probe/,
  ],
  [
    "probe with a password",
    { health: { probes: { a: { http: "http://me:secret@127.0.0.1/" } } } },
    /everyone can read the image/,
  ],
  ["probe of a port alone", { health: { probes: { a: { tcp: "80" } } } }, /did you mean "127\.0\.0\.1:80"/],
  ["probe of port 0", { health: { probes: { a: { tcp: "localhost:0" } } } }, /ports are 1 to 65535/],
  [
    "command by its name",
    { health: { probes: { a: { command: ["true"] } } } },
    /a program by its absolute path/,
  ],
  ["no command", { health: { probes: { a: { command: [] } } } }, /a program by its absolute path/],
  [
    "status of no http",
    { health: { probes: { a: { tcp: "127.0.0.1:1", status: 200 } } } },
    /no status beside tcp/,
  ],
  [
    "probe that is no module",
    { health: { probes: { a: { function: "./a.sh" } } } },
    /a module in TypeScript/,
  ],
  [
    "probe that is not there",
    { health: { probes: { a: { function: "./a.ts" } } } },
    /^health\.probes\.a\.function is "\.\/a\.ts": a file that can be read/,
  ],
  ["name of a probe", { health: { probes: { "a b": { tcp: "127.0.0.1:1" } } } }, /^health\.probes\["a b"\]/],
  ["soak as a number", { health: { soak: 5 } }, /^health\.soak is 5: a span of time/],
  ["soak in metres", { health: { soak: "5m" } }, /for minutes write "5min"/],
  ["no time at all", { health: { timeout: "0s" } }, /more than nothing/],
  [
    "probe that outlasts the whole",
    { health: { timeout: "5s", probes: { a: { tcp: "127.0.0.1:1", timeout: "6s" } } } },
    /^health\.probes\.a\.timeout is "6s": at most health\.timeout, which is "5s"/,
  ],
  ["room below a path", { health: { freeSpace: { "var/": "1MiB" } } }, /the absolute path of a folder/],
  ["regression of true", { health: { regression: true } }, /false, or an object/],
  [
    "factor below 1",
    { health: { regression: { memory: 0.5 } } },
    /^health\.regression\.memory is 0\.5: a number from 1/,
  ],
  [
    "unit that must run and may not",
    { health: { units: ["a.service"] }, units: { mask: ["a.service"] } },
    /^health\.units\[0\] is "a\.service": a unit that can start \(units\.mask keeps/,
  ],
  [
    "unit that must be active and may fail",
    { health: { units: ["a.service"], mayFail: ["a.service"] } },
    /^health\.units\[0\] is .*health\.mayFail has it too/,
  ],
  ["no version", { version: undefined }, /^version is missing/],
  ["version as a number", { version: 1.1 }, /^version is 1\.1: letters, digits/],
  ["version with ~", { version: "1.0~rc1" }, /^version is "1\.0~rc1": .*systemd 257/],
  ["version with ^", { version: "1.0^git1" }, /^version is "1\.0\^git1": .*systemd 257/],
  ["version with _", { version: "1_0" }, /^version is "1_0": .*separate/],
  [
    "label too long",
    { version: "1".repeat(32) },
    /^version is "1+": at most 27 characters with the id "edge"/,
  ],
  ["name of two lines", { name: "a\nb" }, /^name is "a\\nb": one line/],
  [
    "suite with pocket",
    { distribution: { suite: "trixie-security" } },
    /^distribution\.suite .*write "trixie"/,
  ],
  ["no component", { distribution: { components: [] } }, /^distribution\.components is a list: at least one/],
  ["package with version", { packages: ["a1", "nginx=1.2"] }, /^packages\[1\] is "nginx=1\.2": .*lock pins/],
  ["package in capitals", { packages: ["Nginx"] }, /^packages\[0\] is "Nginx": .*did you mean "nginx"/],
  ["packages as text", { packages: "nginx" }, /^packages is "nginx": a list, each item the name of/],
  ["relative path", { files: { "etc/motd": "" } }, /^files\["etc\/motd"\] is "etc\/motd": an absolute path/],
  [
    "path with ..",
    { files: { "/etc/../usr/x": "" } },
    /^files\["\/etc\/\.\.\/usr\/x"\] .*without "\.", "\.\."/,
  ],
  ["path with //", { files: { "/etc//x": "" } }, /without "\.", "\.\." and "\/\/"/],
  ["path in /run", { files: { "/run/x": "" } }, /^files\["\/run\/x"\] .*outside of .*tmpfiles\.d/],
  ["path in /lib", { files: { "/lib/x": "" } }, /write "\/usr\/lib\/x"/],
  [
    "a file with a key",
    { files: { "/etc/hostname": "x" } },
    /^files\["\/etc\/hostname"\] .*set hostname instead/,
  ],
  [
    "a file that is a folder",
    { files: { "/a": "", "/a/b/c": "" } },
    /^files\["\/a\/b\/c"\] .*has "\/a" as a file/,
  ],
  ["a file of nothing", { files: { "/a": {} } }, /^files\["\/a"\] is an object: either content or source/],
  [
    "content and source",
    { files: { "/a": { content: "", source: "x" } } },
    /either content or source \(leave one/,
  ],
  ["content of a number", { files: { "/a": 1 } }, /^files\["\/a"\] is 1: the content as text, or an object/],
  ["half a character", { files: { "/a": "\uD800" } }, /^files\["\/a"\] .*valid Unicode/],
  [
    "source on the web",
    { files: { "/a": { source: "https://x/y" } } },
    /^files\["\/a"\]\.source .*fetches nothing/,
  ],
  [
    "mode of 8",
    { files: { "/a": { content: "", mode: "0888" } } },
    /^files\["\/a"\]\.mode is "0888": permissions/,
  ],
  ["decimal mode", { files: { "/a": { content: "", mode: 644 } } }, /mode is 644: .*did you mean "0644"/],
  [
    "owner alone",
    { files: { "/a": { content: "", owner: "www" } } },
    /owner is "www": .*did you mean "www:www"/,
  ],
  [
    "unit without type",
    { units: { enable: ["nginx"] } },
    /^units\.enable\[0\] .*did you mean "nginx\.service"/,
  ],
  [
    "unit in two lists",
    { units: { enable: ["a.service"], mask: ["a.service"] } },
    /^units\.mask is "a\.service"/,
  ],
  [
    "unit that may be restarted and not started",
    { units: { restartable: ["b.service", "a.service"], mask: ["a.service"] } },
    /^units\.restartable\[1\] is "a\.service": a unit that can start \(units\.mask keeps/,
  ],
  [
    "module file",
    { kernel: { modules: ["br/bridge.ko.xz"] } },
    /^kernel\.modules\[0\] .*did you mean "bridge"/,
  ],
  ["two arguments", { kernel: { arguments: ["quiet splash"] } }, /^kernel\.arguments\[0\] .*item of its own/],
  ["root=", { kernel: { arguments: ["root=/dev/sda1"] } }, /does not set itself \(the root is found/],
  ["panic=", { kernel: { arguments: ["panic=0"] } }, /"panic=0": .*always reboots/],
  ["verity options", { kernel: { arguments: ["systemd.verity=no"] } }, /verification is set by the level/],
  ["host name", { hostname: "my_host" }, /^hostname is "my_host": .*no "_"/],
  ["time zone typo", { timeZone: "Europe/Pariss" }, /^timeZone .*did you mean "Europe\/Paris"/],
  ["time zone case", { timeZone: "europe/paris" }, /^timeZone .*did you mean "Europe\/Paris"/],
  ["locale", { locale: "de_DE" }, /^locale is "de_DE": .*did you mean "de_DE\.UTF-8"/],
  ["level typo", { level: "seald" }, /^level is "seald": one of "classic".*did you mean "sealed"/],
  ["policy typo", { level: { usr: "verified", etc: "rended", var: "temporary" } }, /^level\.etc is "rended"/],
  ["policy missing", { level: { usr: "verified", etc: "overlay" } }, /^level\.var is missing: one of/],
  [
    "policies that fight",
    { level: { usr: "verified", etc: "overlay", var: "temporary" } },
    /^level is an object/,
  ],
  ["size without unit", { disk: { size: "2048" } }, /^disk\.size is "2048": .*"2048MiB"/],
  ["size of half a MiB", { disk: { esp: 1_000_000 } }, /^disk\.esp is 1000000: .*"1MiB"/],
  [
    "disk too small",
    { disk: { size: "1G" } },
    /^disk\.size is "1G": at least "1536MiB": esp 256MiB, 2 × root/,
  ],
  ["verity slot too small", { disk: { veritySlot: "4M" } }, /^disk\.veritySlot is "4M": at least "5MiB"/],
  ["ten tries", { bootTries: 10 }, /^bootTries is 10: a whole number from 1 to 9/],
  [
    "execution control over a writable root",
    { level: "classic", executionControl: "signed" },
    /^executionControl is "signed": a level whose usr is "verified"/,
  ],
  ["half a try", { bootTries: 1.5 }, /^bootTries is 1\.5: a whole number/],
  ["30 February", { sourceDate: "2026-02-30" }, /^sourceDate is "2026-02-30": a date/],
  ["time without zone", { sourceDate: "2026-01-01T12:00:00" }, /^sourceDate .*"2026-01-01T12:00:00Z"/],
  ["milliseconds", { sourceDate: 1_767_225_600_000 }, /^sourceDate .*did you mean 1767225600\?/],
  ["before FAT", { sourceDate: 0 }, /^sourceDate is 0: a date between 1980/],
  ["unknown key", { serivces: [] }, /^unknown key "serivces": one of the keys/],
  ["typo below", { units: { enabel: [] } }, /^unknown key "enabel" in units: .*did you mean "enable"/],
  [
    "typo in a file",
    { files: { "/a": { contnet: "" } } },
    /^unknown key "contnet" in files\["\/a"\].*"content"/,
    /^files\["\/a"\] is an object: either/,
  ],
  ["remove without base", { remove: { packages: ["vim"] } }, /^remove is an object: extends beside it/],
  [
    "a base not merged",
    { extends: "./base.ts" },
    /^extends is ".\/base.ts": a system whose base is merged in/,
  ],
  [
    "two at once",
    { id: "E", bootTries: 0, disk: { size: "1G" } },
    /^id/,
    /^bootTries/,
    /^disk\.size .*at least/,
  ],
];

for (const [name, changes, ...expected] of BAD) {
  test(`a bad definition is told what is wrong: ${name}`, () => {
    const problems = problemsOf({ ...GOOD, ...changes });
    assert.equal(problems.length, expected.length, problems.join("\n"));
    for (const [index, pattern] of expected.entries()) assert.match(problems[index]!, pattern);
  });
}

test("what is no object at all is told so", () => {
  for (const input of [undefined, null, 1, "system", [GOOD], () => GOOD]) {
    const problems = problemsOf(input);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /^the definition is .*: an object that describes a system/);
  }
});

test("a source that could not be read is a problem that says why", () => {
  const input = { ...GOOD, files: { "/a": { source: "gone" } } };
  const problems = problemsOf(input, new Map([["gone", new Error("there is no such file")]]));
  assert.deepEqual(problems, [
    'files["/a"].source is "gone": a file that can be read (there is no such file)',
  ]);
});

test("what fits one level's disk does not fit another's", () => {
  const disk = { size: "900MiB" };
  assert.deepEqual(problemsOf({ ...GOOD, level: "classic", disk }), []);
  assert.equal(problemsOf({ ...GOOD, level: "total", disk }).length, 1);
  assert.deepEqual(problemsOf({ ...GOOD, level: "total", disk: { size: "1472MiB" } }), []);
  assert.equal(problemsOf({ ...GOOD, level: "semi", disk: { size: "1535MiB" } }).length, 1);
  assert.deepEqual(problemsOf({ ...GOOD, level: "semi", disk: { size: "1536MiB" } }), []);
});

const KEYS = ["id", "version", "files", "units", "enable", "level", "usr", "disk", "size", "kernel", "arguments",
  "packages", "extends", "remove", "content", "source", "mode", "/etc/motd", "__proto__", "constructor"]; // prettier-ignore
const anyInput = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.anything(),
    fc.constantFrom("edge", "1.0", "sealed", "2GiB", "0644"),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie("tree")),
    fc.array(tie("tree")),
  ),
})).tree;

test("whatever the input is, parsing gives a definition or a DefinitionError, and the same one again", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      assert.deepEqual(problemsOf(input), problemsOf(input));
      assert.deepEqual(
        problemsOf(typeof input === "object" ? { ...GOOD, ...input } : input),
        problemsOf(typeof input === "object" ? { ...GOOD, ...input } : input),
      );
    }),
    { numRuns: 300 },
  );
});

test("the order of keys makes no difference", () => {
  const input = {
    ...GOOD,
    files: { "/b": "2", "/a": "1" },
    packages: ["zsh", "apt"],
    units: { mask: ["b.path", "a.path"] },
  };
  const turned = Object.fromEntries(
    Object.entries({ ...input, files: { "/a": "1", "/b": "2" } }).toReversed(),
  );
  assert.equal(JSON.stringify(parseDefinition(input)), JSON.stringify(parseDefinition(turned)));
});
