import assert from "node:assert/strict";
import { test } from "node:test";
import { extendLayer } from "./extendLayer.ts";
import { describeProblem } from "./problem.ts";

const BASE = {
  id: "base",
  version: "1.0",
  packages: ["vim", "curl"],
  files: { "/etc/a": "base", "/etc/b": "base" },
  units: { enable: ["a.service", "b.service"], mask: ["c.service"] },
  kernel: { package: "linux-image-amd64", arguments: ["quiet"] },
  disk: { size: "4GiB", esp: "512MiB" },
};

test("lists append, records merge by key, everything else replaces", () => {
  const { layer, problems } = extendLayer(BASE, {
    id: "edge",
    packages: ["nginx", "vim"],
    files: { "/etc/b": "edge", "/etc/c": "edge" },
    kernel: { arguments: ["audit=1"] },
    disk: { size: "8GiB" },
  });
  assert.deepEqual(problems, []);
  assert.equal(layer.id, "edge");
  assert.equal(layer.version, "1.0");
  assert.deepEqual(layer.packages, ["vim", "curl", "nginx"]);
  assert.deepEqual(layer.files, { "/etc/a": "base", "/etc/b": "edge", "/etc/c": "edge" });
  assert.equal(layer.kernel?.package, "linux-image-amd64");
  assert.deepEqual(layer.kernel?.arguments, ["quiet", "audit=1"]);
  assert.deepEqual(layer.disk, { size: "8GiB", esp: "512MiB" });
});

test("what remove names is gone, and may come back otherwise", () => {
  const { layer, problems } = extendLayer(BASE, {
    remove: {
      packages: ["vim"],
      files: ["/etc/a"],
      units: { enable: ["a.service"] },
      kernel: { arguments: ["quiet"] },
    },
    kernel: { arguments: ["loglevel=7"] },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(layer.packages, ["curl"]);
  assert.deepEqual(layer.files, { "/etc/b": "base" });
  assert.deepEqual(layer.units?.enable, ["b.service"]);
  assert.deepEqual(layer.kernel?.arguments, ["loglevel=7"]);
  assert.ok(!("remove" in layer));
});

test("removing what the base does not have is a problem", () => {
  const { problems } = extendLayer(BASE, { remove: { packages: ["curl", "podman"], files: ["/etc/z"] } });
  assert.deepEqual(problems.map(describeProblem).sort(), [
    'remove.files[0] is "/etc/z"',
    'remove.packages[1] is "podman"',
  ]);
});

test("a unit that is named anew leaves the base's other lists", () => {
  const { layer } = extendLayer(BASE, { units: { mask: ["a.service"], enable: ["c.service"] } });
  assert.deepEqual(layer.units, {
    enable: ["b.service", "c.service"],
    disable: [],
    mask: ["a.service"],
    restartable: [],
  });
});

test("whether operators may restart a unit is apart from its state", () => {
  const base = { units: { enable: ["a.service"], restartable: ["a.service", "b.service"] } };
  const added = extendLayer(base, { units: { restartable: ["c.service"] } }).layer;
  assert.deepEqual(added.units?.enable, ["a.service"]);
  assert.deepEqual(added.units?.restartable, ["a.service", "b.service", "c.service"]);
  const { layer, problems } = extendLayer(base, { remove: { units: { restartable: ["a.service"] } } });
  assert.deepEqual([layer.units?.restartable, problems], [["b.service"], []]);
});

test("a key that is undefined changes nothing", () => {
  const { layer } = extendLayer(BASE, { id: undefined, disk: { size: undefined } });
  assert.equal(layer.id, "base");
  assert.equal(layer.disk?.size, "4GiB");
});

test("of the health section, lists append, probes and folders merge by name, the rest replaces", () => {
  const base = {
    health: {
      units: ["a.service", "b.service"],
      probes: { page: { http: "http://127.0.0.1/" }, db: { tcp: "127.0.0.1:5432" } },
      freeSpace: { "/var": "64MiB" },
      soak: "5s",
    },
  };
  const { layer, problems } = extendLayer(base, {
    remove: { health: { probes: ["db"] } },
    health: {
      mayFail: ["b.service"],
      probes: { page: { tcp: "127.0.0.1:80" } },
      freeSpace: { "/data": "1GiB" },
      soak: "10s",
    },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(layer.health, {
    units: ["a.service"],
    mayFail: ["b.service"],
    probes: { page: { tcp: "127.0.0.1:80" } },
    freeSpace: { "/var": "64MiB", "/data": "1GiB" },
    soak: "10s",
  });
  assert.deepEqual(extendLayer(base, {}).layer.health, base.health);
  assert.deepEqual(
    extendLayer({}, { remove: { health: { probes: ["db"] } } }).problems.map(describeProblem),
    ['remove.health.probes[0] is "db"'],
  );
});
