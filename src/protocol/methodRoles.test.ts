import assert from "node:assert/strict";
import { glob } from "node:fs/promises";
import { test } from "node:test";

import type { DescFile, DescMethod } from "@bufbuild/protobuf";

import { MaintenanceService } from "./gen/socle/v1/maintenance_pb.ts";
import { UpdateService } from "./gen/socle/v1/update_pb.ts";
import { findRole, isAudited, listMethodRoles, mayCall, ROLES, toMethodName } from "./methodRoles.ts";

/** Of every service of every generated file, whoever serves it, but the one that is for those without a certificate. */
async function readMethods(): Promise<DescMethod[]> {
  const methods: DescMethod[] = [];
  for await (const name of glob("gen/**/*_pb.ts", { cwd: import.meta.dirname })) {
    const module = (await import(`./${name}`)) as Record<string, unknown>;
    const [file] = Object.values(module).filter(isFile);
    assert.ok(file, name);
    const services = file.services.filter(({ typeName }) => typeName !== MaintenanceService.typeName);
    methods.push(...services.flatMap((service) => service.methods));
  }
  return methods;
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}

const methods = await readMethods();

test("every method of the contract has its line in the table, and every line is a method", () => {
  const lines = listMethodRoles().map(([method]) => method);
  assert.ok(methods.length > 20, "the methods are found at all");
  assert.deepEqual(lines.toSorted(), methods.map(toMethodName).toSorted());
});

test("each role may do what those below it may, and every role differs", () => {
  const allowed = ROLES.map((role) => methods.filter((method) => mayCall(role, method)).length);
  for (const method of methods) {
    const role = findRole(method);
    assert.ok(role !== undefined);
    assert.deepEqual(
      ROLES.filter((other) => mayCall(other, method)),
      ROLES.slice(ROLES.indexOf(role)),
      toMethodName(method),
    );
  }
  assert.ok(allowed[0]! < allowed[1]!, "operators may do more than readers");
  assert.equal(allowed[2], methods.length, "admins may do all");
});

test("a role that is not known may do nothing", () => {
  for (const role of ["", "Admin", "admin ", "root", "reader,admin", "toString", "__proto__"])
    assert.deepEqual(
      methods.filter((method) => mayCall(role, method)),
      [],
      role,
    );
});

test("a method that is not of the contract is for nobody", () => {
  const stranger = { ...UpdateService.method.applyUpdate, name: "Format" };
  assert.equal(findRole(stranger), undefined);
  assert.equal(mayCall("admin", stranger), false);
  assert.equal(mayCall("admin", MaintenanceService.method.provideConfiguration), false);
});

test("what a reader may not do is written down", () => {
  for (const method of methods)
    assert.equal(isAudited(method), !mayCall("reader", method), toMethodName(method));
});
