import type { DescMethod, DescService } from "@bufbuild/protobuf";

import { ConfigurationService } from "./gen/socle/v1/configuration_pb.ts";
import { ControlService } from "./gen/socle/v1/control_pb.ts";
import { DebugService } from "./gen/socle/v1/debug_pb.ts";
import { MachineService } from "./gen/socle/v1/machine_pb.ts";
import { ObserveService } from "./gen/socle/v1/observe_pb.ts";
import { UpdateService } from "./gen/socle/v1/update_pb.ts";

/** From the least to the most; each may do what those before it may. It stands in the subject (O) of a client certificate. */
export const ROLES = ["reader", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/**
 * Who may call what: one line a method, and a method without a line, or a line without a method, does not compile.
 * reader: looks, and changes nothing that matters (a check keeps what it trusted of the metadata).
 * operator: what a system is kept going with; and looks that show more than a machine's own state.
 * admin: what makes it another machine, or lets people in.
 */
const TABLES = [
  toTable(MachineService, {
    getStatus: "reader",
    getInventory: "reader",
  }),
  toTable(UpdateService, {
    getUpdateState: "reader",
    checkUpdate: "reader",
    planUpdate: "reader",
    explainUpdate: "reader",
    watchUpdates: "reader",
    applyUpdate: "operator",
    rollback: "operator",
    cancelUpdate: "operator",
    setHold: "operator",
  }),
  toTable(ObserveService, {
    readJournal: "reader",
    readKernelLog: "reader",
    listBoots: "reader",
    listUnits: "reader",
    listProcesses: "reader",
    listDisks: "reader",
    listSockets: "reader",
    getNetwork: "reader",
    getTime: "reader",
    getLoad: "reader",
    // Never a key; who and why of what happens is what the journal says, too.
    listCertificates: "reader",
    watchEvents: "reader",
    listFiles: "reader",
    // What may hold secrets, nobody gets: src/agent/observe/secretPaths.ts.
    readFile: "reader",
    // Other people's data may pass by.
    capturePackets: "operator",
    // Redacted, but much at once.
    getSupportBundle: "operator",
  }),
  toTable(ConfigurationService, {
    // Secrets are left out.
    getConfiguration: "reader",
    planConfiguration: "reader",
    listGenerations: "reader",
    getGeneration: "reader",
    // A configuration says who is let in.
    applyConfiguration: "admin",
    confirmConfiguration: "admin",
  }),
  toTable(ControlService, {
    reboot: "operator",
    powerOff: "operator",
    restartUnit: "operator",
    reset: "admin",
  }),
  toTable(DebugService, {
    openDebugSession: "admin",
    listDebugSessions: "reader",
  }),
];

const ROLE_OF_METHOD: ReadonlyMap<string, Role> = new Map(TABLES.flat());

/** Undefined for a method that is not of the contract: nobody may call it. */
export function findRole(method: DescMethod): Role | undefined {
  return ROLE_OF_METHOD.get(toMethodName(method));
}

/** @param role as a certificate says it; one that is not known may do nothing at all */
export function mayCall(role: string, method: DescMethod): boolean {
  const needed = findRole(method);
  return needed !== undefined && toRank(role) >= ROLES.indexOf(needed);
}

/** Whether a call is written down with who, what and result: all that changes something, or shows more than a reader sees. */
export function isAudited(method: DescMethod): boolean {
  return findRole(method) !== "reader";
}

/** `socle.v1.UpdateService/ApplyUpdate`, as in the path of a request. */
export function toMethodName({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

/** All of the table: `socle.v1.UpdateService/ApplyUpdate` and its role. */
export function listMethodRoles(): readonly (readonly [method: string, role: Role])[] {
  return [...ROLE_OF_METHOD];
}

export function isRole(role: string): role is Role {
  return ROLES.some((known) => known === role);
}

/** Below every role for one that is not known. */
function toRank(role: string): number {
  return isRole(role) ? ROLES.indexOf(role) : -1;
}

function toTable<Service extends DescService>(
  service: Service,
  roles: { readonly [Method in keyof Service["method"]]: Role },
): [method: string, role: Role][] {
  return Object.entries<Role>(roles).map(([localName, role]) => {
    const method = service.method[localName];
    if (method === undefined) throw new TypeError(`${service.typeName} has no "${localName}"`);
    return [toMethodName(method), role];
  });
}
