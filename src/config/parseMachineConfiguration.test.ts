import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { ConfigurationError, describeConfigurationProblem } from "./configurationError.ts";
import { NO_CONFIGURATION } from "./machineConfiguration.ts";
import { decodeMachineConfiguration, parseMachineConfiguration } from "./parseMachineConfiguration.ts";

const HEAD = { apiVersion: "socle/v1", kind: "MachineConfiguration" };

function withInterface(entry: Record<string, unknown>): unknown {
  return { ...HEAD, network: { interfaces: [{ match: { name: "en*" }, ...entry }] } };
}

function problemsOf(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return error.problems.map(describeConfigurationProblem);
  }
  return [];
}

test("the smallest document changes nothing", () => {
  assert.deepEqual(parseMachineConfiguration(HEAD), NO_CONFIGURATION);
  assert.deepEqual(decodeMachineConfiguration(JSON.stringify(HEAD)), NO_CONFIGURATION);
  assert.deepEqual(parseMachineConfiguration({ ...HEAD, network: {} }), NO_CONFIGURATION);
});

test("a whole document is read with its defaults filled in", () => {
  const document = {
    ...HEAD,
    hostname: "edge-01.example",
    network: {
      interfaces: [
        {
          match: { macAddress: "52:54:00:AB:CD:EF" },
          addresses: ["192.0.2.10/24", "2001:db8::10/64"],
          gateway: "192.0.2.1",
          dns: ["192.0.2.53", "2001:db8::53"],
        },
        {
          match: { name: "en*", macAddress: "52:54:00:00:00:01" },
          dhcp: true,
          addresses: ["198.51.100.7/31"],
        },
        { match: { name: "eth[!0]?" } },
        { match: { name: "wlan0" }, dhcp: false },
      ],
    },
  };
  const { hostname, network } = parseMachineConfiguration(document);
  assert.equal(hostname, "edge-01.example");
  const nothing = { dns: [], domains: [], routes: [] };
  assert.deepEqual(network.interfaces, [
    {
      ...nothing,
      match: { macAddress: "52:54:00:ab:cd:ef" },
      dhcp: false,
      addresses: ["192.0.2.10/24", "2001:db8::10/64"],
      gateway: "192.0.2.1",
      dns: ["192.0.2.53", "2001:db8::53"],
    },
    {
      ...nothing,
      match: { name: "en*", macAddress: "52:54:00:00:00:01" },
      dhcp: true,
      addresses: ["198.51.100.7/31"],
    },
    { ...nothing, match: { name: "eth[!0]?" }, dhcp: true, addresses: [] },
    { ...nothing, match: { name: "wlan0" }, dhcp: false, addresses: [] },
  ]);
});

test("what is wrong is told with its path, its value, what was wanted and a hint", () => {
  const table: [unknown, RegExp][] = [
    [
      null,
      /^the document is not usable: wanted an object with keys among apiVersion, kind, hostname, network, time, /,
    ],
    [[HEAD], /^the document is not usable/],
    [{ kind: HEAD.kind }, /^apiVersion is missing: wanted "socle\/v1"$/],
    [{ ...HEAD, apiVersion: "socle/v2" }, /^apiVersion is "socle\/v2": wanted "socle\/v1" \(a newer version/],
    [{ ...HEAD, apiVersion: "v1" }, /^apiVersion is "v1": wanted "socle\/v1"$/],
    [{ ...HEAD, applications: [] }, /^applications is a list: wanted no such key yet \(.*later version/],
    [{ ...HEAD, kind: "Machine" }, /^kind is "Machine": wanted "MachineConfiguration"$/],
    [{ ...HEAD, hostName: "a" }, /^unknown key "hostName": .*\(did you mean "hostname"\?\)$/],
    [
      JSON.parse(`{"apiVersion":"socle/v1","kind":"MachineConfiguration","__proto__":{}}`),
      /^unknown key "__proto__"/,
    ],
    [
      { ...HEAD, hostname: "edge_01" },
      /^hostname is "edge_01": wanted a host name: .* \(a host name has no "_"; use "-"\)$/,
    ],
    [{ ...HEAD, hostname: null }, /^hostname is null: wanted a host name/],
    [{ ...HEAD, hostname: "a\n[Network]" }, /^hostname is "a\\n\[Network\]"/],
    [{ ...HEAD, hostname: "a".repeat(64) + ".b" }, /^hostname is /],
    [
      { ...HEAD, network: { interfaces: [] } },
      /^network\.interfaces is a list: wanted .* at least one .*leave the key out/,
    ],
    [{ ...HEAD, network: { interfaces: [{}] } }, /^network\.interfaces\[0\]\.match is missing/],
    [
      withInterface({ match: {} }),
      /^network\.interfaces\[0\]\.match is an object: wanted a name, a macAddress or both/,
    ],
    [withInterface({ match: { name: "!en*" } }), /\.match\.name is "!en\*"/],
    [withInterface({ match: { name: "en* eth*" } }), /an interface entry for each pattern/],
    [withInterface({ match: { name: "eth[0" } }), /\.match\.name is "eth\[0"/],
    [withInterface({ match: { name: "7" } }), /\.match\.name is "7"/],
    [withInterface({ match: { name: "all" } }), /\.match\.name is "all"/],
    [withInterface({ match: { macAddress: "52-54-00-12-34-56" } }), /did you mean "52:54:00:12:34:56"\?/],
    [withInterface({ dhcp: "yes" }), /\.dhcp is "yes": wanted true or false$/],
    [
      withInterface({ addresses: "192.0.2.10/24" }),
      /\.addresses is "192\.0\.2\.10\/24": wanted a list of addresses$/,
    ],
    [withInterface({ addresses: ["192.0.2.10"] }), /\.addresses\[0\] is .*often it is "192\.0\.2\.10\/24"/],
    [withInterface({ addresses: ["192.0.2.0/24"] }), /the network itself/],
    [withInterface({ addresses: ["0.0.0.0/24"] }), /no single machine/],
    [withInterface({ gateway: "192.0.2.1" }), /\.gateway is .*DHCP brings its own gateway/],
    [
      withInterface({ addresses: ["192.0.2.10/24"], gateway: "192.0.3.1" }),
      /another address in the network of one of the addresses$/,
    ],
    [withInterface({ addresses: ["192.0.2.10/24"], gateway: "192.0.2.10" }), /this machine itself/],
    [withInterface({ addresses: ["192.0.2.10/24"], gateway: "2001:db8::1" }), /\.gateway is "2001:db8::1"/],
    [withInterface({ dns: ["dns.example"] }), /\.dns\[0\] is "dns\.example": wanted an IP address/],
    [withInterface({ dns: ["fe80::1%en0"] }), /without a prefix or a zone/],
    [withInterface({ mtu: 1000 }), /\.mtu is 1000: wanted a whole number from 1280 to 65535$/],
    [withInterface({ mtoo: 9000 }), /^unknown key "mtoo" in network\.interfaces\[0\]/],
  ];
  for (const [document, expected] of table) {
    const problems = problemsOf(() => parseMachineConfiguration(document));
    assert.equal(problems.length, 1, `${JSON.stringify(document)}: ${problems.join("; ")}`);
    assert.match(problems[0] ?? "", expected);
  }
});

test("the gateway of IPv6 can be link-local, without an address in that network", () => {
  assert.deepEqual(
    problemsOf(() =>
      parseMachineConfiguration(withInterface({ addresses: ["2001:db8::10/64"], gateway: "fe80::1" })),
    ),
    [],
  );
});

test("all problems come at once", () => {
  const document = {
    kind: "MachineConfiguration",
    hostname: "-",
    netwrok: {},
    network: {
      interfaces: [
        { match: { name: "en*" }, addresses: ["192.0.2.10/33", "nowhere"], gateway: "192.0.2.1", dns: [53] },
        { match: { mac: "52:54:00:12:34:56" }, dhcp: 1 },
      ],
    },
  };
  assert.deepEqual(
    problemsOf(() => parseMachineConfiguration(document)).map((line) => line.split(": wanted")[0]),
    [
      'unknown key "netwrok"',
      "apiVersion is missing",
      'hostname is "-"',
      'network.interfaces[0].addresses[0] is "192.0.2.10/33"',
      'network.interfaces[0].addresses[1] is "nowhere"',
      "network.interfaces[0].dns[0] is 53",
      'unknown key "mac" in network.interfaces[1].match',
      "network.interfaces[1].dhcp is 1",
    ],
  );
});

test("of two entries with the same match the second is refused: it would never apply", () => {
  const match = { macAddress: "52:54:00:12:34:ab" };
  const interfaces = [{ match }, { match: { name: "en*" } }, { match: { macAddress: "52:54:00:12:34:AB" } }];
  assert.deepEqual(
    problemsOf(() => parseMachineConfiguration({ ...HEAD, network: { interfaces } })),
    [
      "network.interfaces[2].match is an object: wanted a match of its own (interfaces[0] has the same, and the first one counts)",
    ],
  );
});

test("more interfaces than their files can be numbered are refused", () => {
  const toDocument = (count: number) => ({
    ...HEAD,
    network: {
      interfaces: Array.from({ length: count }, (_, index) => ({ match: { name: `eth${index}` } })),
    },
  });
  assert.equal(parseMachineConfiguration(toDocument(100)).network.interfaces.length, 100);
  assert.match(problemsOf(() => parseMachineConfiguration(toDocument(101))).join(), /at most 100/);
});

test("text that is not JSON is one problem, with the place but without the text", () => {
  assert.deepEqual(
    problemsOf(() => decodeMachineConfiguration('{"hostname": "secret",\n  oops}')),
    ["the document is not usable: wanted JSON (reading stopped at line 2 column 3)"],
  );
  assert.deepEqual(
    problemsOf(() => decodeMachineConfiguration("")),
    ["the document is not usable: wanted JSON (it is empty)"],
  );
});

test("whatever the input, it is either a configuration or a list of problems, one line each", () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), toNearlyDocument()), (input) => {
      const problems = problemsOf(() => parseMachineConfiguration(input));
      for (const problem of problems) assert.doesNotMatch(problem, /[\n\r]/);
    }),
    { numRuns: 1_000 },
  );
  fc.assert(fc.property(fc.string(), (text) => void problemsOf(() => decodeMachineConfiguration(text))));
});

/** A document whose fields are sometimes right and otherwise anything. */
function toNearlyDocument(): fc.Arbitrary<unknown> {
  const or = (right: fc.Arbitrary<unknown>) => fc.oneof({ weight: 4, arbitrary: right }, fc.jsonValue());
  const partly = (fields: Record<string, fc.Arbitrary<unknown>>) =>
    or(fc.record(fields, { requiredKeys: [] }));
  const entry = partly({
    match: partly({
      name: or(fc.constantFrom("en*", "eth0")),
      macAddress: or(fc.constant("52:54:00:12:34:56")),
    }),
    dhcp: or(fc.boolean()),
    addresses: or(fc.array(or(fc.ipV4().map((ip) => `${ip}/24`)))),
    gateway: or(fc.ipV4()),
    dns: or(fc.array(or(fc.ipV6()))),
  });
  return partly({
    apiVersion: or(fc.constant("socle/v1")),
    kind: or(fc.constant("MachineConfiguration")),
    hostname: or(fc.domain()),
    network: partly({ interfaces: or(fc.array(entry)) }),
  });
}
