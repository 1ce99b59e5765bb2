import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostFacts } from "#system/hostChecks.ts";
import { judgeHost, type HostCheck } from "./judgeHost.ts";

const GOOD: HostFacts = {
  nodeVersion: "24.21.0",
  system: "Debian GNU/Linux 13 (trixie)",
  isDebianFamily: true,
  isolation: { value: "root" },
  mirror: { value: "file:/srv/debian" },
  hasMmdebstrap: true,
  hasToolsTree: true,
  freeBytes: 50e9,
  kvm: "openable",
};

function findOthers(facts: HostFacts): Pick<HostCheck, "name" | "state">[] {
  return judgeHost(facts)
    .filter((check) => check.state !== "ok")
    .map(({ name, state }) => ({ name, state }));
}

const missing = { missing: "not found", hint: "look again" };

const CASES: readonly (readonly [
  title: string,
  change: Partial<HostFacts>,
  others: ReturnType<typeof findOthers>,
])[] = [
  ["a good host has nothing to do", {}, []],
  ["an old Node fails", { nodeVersion: "20.20.2" }, [{ name: "node", state: "failed" }]],
  ["another distribution fails", { isDebianFamily: false }, [{ name: "system", state: "failed" }]],
  ["no privileges fail", { isolation: missing }, [{ name: "privileges", state: "failed" }]],
  ["no mirror fails", { mirror: missing }, [{ name: "mirror", state: "failed" }]],
  [
    "without mmdebstrap an existing tools tree still builds",
    { hasMmdebstrap: false },
    [{ name: "mmdebstrap", state: "warning" }],
  ],
  [
    "without mmdebstrap no tools tree can be made",
    { hasMmdebstrap: false, hasToolsTree: false },
    [
      { name: "mmdebstrap", state: "failed" },
      { name: "tools", state: "warning" },
    ],
  ],
  ["a small disk warns", { freeBytes: 5.9e9 }, [{ name: "disk", state: "warning" }]],
  ["software emulation warns", { kvm: "absent" }, [{ name: "kvm", state: "warning" }]],
  ["a closed KVM device warns", { kvm: "refused" }, [{ name: "kvm", state: "warning" }]],
];

for (const [title, change, others] of CASES) {
  test(title, () => assert.deepEqual(findOthers({ ...GOOD, ...change }), others));
}

test("what was not found brings its own advice", () => {
  const check = judgeHost({ ...GOOD, isolation: missing }).find(({ name }) => name === "privileges");
  assert.deepEqual(check, { name: "privileges", state: "failed", found: "not found", fix: "look again" });
});
