import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import fc from "fast-check";

import { ConfigurationError } from "./configurationError.ts";
import type { EtcFile } from "./etcFile.ts";
import type { MachineConfiguration } from "./machineConfiguration.ts";
import { parseMachineId } from "./machineId.ts";
import { parseMachineConfiguration } from "./parseMachineConfiguration.ts";
import { renderEtc } from "./renderEtc.ts";
import { findFileRule } from "./unitsOfFiles.ts";
import { WHOLE_DOCUMENT } from "./wholeDocument.fixture.ts";

const HEAD = { apiVersion: "socle/v1", kind: "MachineConfiguration" };
const MACHINE_ID = "0123456789abcdef0123456789abcdef";

test("nothing configured renders nothing", () => {
  assert.deepEqual(renderEtc(parseMachineConfiguration(HEAD)), []);
});

test("a whole configuration renders to exactly these files", () => {
  const configuration = parseMachineConfiguration({
    ...HEAD,
    hostname: "edge-01",
    network: {
      interfaces: [
        {
          match: { name: "en*", macAddress: "52:54:00:AB:CD:EF" },
          addresses: ["192.0.2.10/24", "2001:db8::10/64"],
          gateway: "192.0.2.1",
          dns: ["192.0.2.53", "2001:db8::53"],
        },
        { match: { name: "eth[01]" } },
      ],
    },
  });
  assert.deepEqual(renderEtc(configuration, { machineId: parseMachineId(`${MACHINE_ID}\n`) }), [
    { path: "machine-id", content: `${MACHINE_ID}\n`, mode: 0o444 },
    { path: "hostname", content: "edge-01\n", mode: 0o644 },
    {
      path: "systemd/network/50-socle-00.network",
      content: [
        "[Match]",
        "Name=en*",
        "MACAddress=52:54:00:ab:cd:ef",
        "Type=!loopback",
        "",
        "[Network]",
        "DHCP=no",
        "Address=192.0.2.10/24",
        "Address=2001:db8::10/64",
        "Gateway=192.0.2.1",
        "DNS=192.0.2.53",
        "DNS=2001:db8::53",
        "",
      ].join("\n"),
      mode: 0o644,
    },
    {
      path: "systemd/network/50-socle-01.network",
      content: "[Match]\nName=eth[01]\nType=!loopback\n\n[Network]\nDHCP=yes\n",
      mode: 0o644,
    },
  ]);
});

/** After a change that was meant: write what the test prints into the file, and read the difference. */
test("a document with every key renders to exactly the files of renderEtc.golden.txt", async () => {
  const files = renderEtc(parseMachineConfiguration(WHOLE_DOCUMENT));
  const golden = await readFile(join(import.meta.dirname, "renderEtc.golden.txt"), "utf8");
  assert.equal(files.map(toGolden).join(""), golden);
});

function toGolden(file: EtcFile): string {
  if ("target" in file) return `=== ${file.path} -> ${file.target}\n`;
  const after = file.afterImage === true ? " after the image's" : "";
  return `=== ${file.path} ${file.mode.toString(8)}${after}\n${file.content}`;
}

test("every file that is rendered has its rule of what it takes to follow it", () => {
  for (const { path } of renderEtc(parseMachineConfiguration(WHOLE_DOCUMENT))) {
    assert.ok(findFileRule(path), path);
  }
});

test("only a whole machine id is kept", () => {
  for (const content of [
    undefined,
    "",
    "\n",
    "uninitialized\n",
    `${MACHINE_ID}0\n`,
    `x\n${MACHINE_ID}\n`,
    MACHINE_ID.toUpperCase(),
  ]) {
    assert.equal(parseMachineId(content), undefined, content);
  }
});

/** Texts that would do harm if they came through, and any other. */
const hostileText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom(..."ab1.:/-*[]!%=\"'\\ \t\n\r\0\u0085\u2028;#".split("")),
    maxLength: 40,
  }),
  fc
    .tuple(
      fc.constantFrom("edge-01", "en*", "192.0.2.53", "2001:db8::53", "192.0.2.10/24", "52:54:00:12:34:56"),
      fc.constantFrom(
        "",
        "\n",
        "\n[Network]\nDHCP=yes",
        "\r\nDNS=6.6.6.6",
        " 6.6.6.6",
        "\\",
        '"',
        "%H",
        "\0",
        ";x",
        "\u2028",
      ),
    )
    .map((parts) => parts.join("")),
);

/** What a document with the text in this place renders; undefined when it is refused. */
function renderOrRefuse(document: object): string[] | undefined {
  let configuration: MachineConfiguration;
  try {
    configuration = parseMachineConfiguration({ ...HEAD, ...document });
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return undefined;
  }
  return renderEtc(configuration).flatMap((file) =>
    "content" in file ? file.content.split("\n") : [file.target],
  );
}

const PLACES: Readonly<Record<string, (text: string) => { document: object; line: string }>> = {
  hostname: (text) => ({ document: { hostname: text }, line: text }),
  name: (text) => ({ document: toNetwork({ match: { name: text } }), line: `Name=${text}` }),
  macAddress: (text) => ({
    document: toNetwork({ match: { macAddress: text } }),
    line: `MACAddress=${text.toLowerCase()}`,
  }),
  addresses: (text) => ({ document: toNetwork({ addresses: [text] }), line: `Address=${text}` }),
  gateway: (text) => ({
    document: toNetwork({ addresses: ["192.0.2.10/24", "2001:db8::10/64"], gateway: text }),
    line: `Gateway=${text}`,
  }),
  dns: (text) => ({ document: toNetwork({ dns: [text] }), line: `DNS=${text}` }),
  domains: (text) => ({ document: toNetwork({ domains: [text] }), line: `Domains=${text}` }),
  bond: (text) => ({ document: toBond({ name: text }), line: `Bond=${text}` }),
  member: (text) => ({
    document: toBond({ members: [text] }),
    line: /^(?:..:){5}..$/.test(text) ? `PermanentMACAddress=${text}` : `Name=${text}`,
  }),
  uploadUrl: (text) => ({ document: { logs: { forward: { url: text } } }, line: `URL=${text}` }),
  server: (text) => ({ document: { time: { servers: [text] } }, line: `NTP=${text}` }),
  label: (text) => ({
    document: { mounts: [{ path: "/var/lib/data", label: text }] },
    line: `What=/dev/disk/by-label/${text}`,
  }),
  mountPath: (text) => ({ document: { mounts: [{ path: text, label: "a" }] }, line: `Where=${text}` }),
};

const HARMLESS: Readonly<Record<string, string>> = {
  hostname: "edge-01",
  name: "eth0",
  macAddress: "52:54:00:12:34:56",
  addresses: "192.0.2.10/24",
  gateway: "192.0.2.53",
  dns: "2001:db8::53",
  domains: "example.org",
  bond: "bond1",
  member: "eth0",
  uploadUrl: "https://logs.example.org",
  server: "time.example.org",
  label: "data",
  mountPath: "/var/lib/app",
};

function toBond(entry: object): object {
  return { network: { bonds: [{ name: "bond0", members: ["en0"], ...entry }] } };
}

function toNetwork(entry: object): object {
  return { network: { interfaces: [{ match: { name: "en*" }, ...entry }] } };
}

for (const [place, toCase] of Object.entries(PLACES)) {
  test(`any text as ${place} is either refused or one whole line of what is rendered`, () => {
    const harmless = renderOrRefuse(toCase(HARMLESS[place] ?? "").document);
    assert.ok(harmless);
    fc.assert(
      fc.property(hostileText, (text) => {
        const { document, line } = toCase(text);
        const lines = renderOrRefuse(document);
        if (lines === undefined) return;
        assert.equal(lines.length, harmless.length);
        assert.equal(lines.filter((one) => one === line).length, 1);
        assert.match(line, /^[!-~]+$/);
        assert.doesNotMatch(line, /["'\\%;#]/);
      }),
      { numRuns: 600 },
    );
  });
}
