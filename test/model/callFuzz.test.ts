import assert from "node:assert/strict";
import { test } from "node:test";

import {
  create,
  toBinary,
  toJsonString,
  ScalarType,
  type DescMessage,
  type DescMethod,
} from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import {
  ConnectError,
  createConnectRouter,
  createContextValues,
  type ServiceImpl,
} from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import fc from "fast-check";

import { createAudit } from "#agent/audit.ts";
import { callerKey } from "#agent/caller.ts";
import { createCallerGuard } from "#agent/guardCalls.ts";
import { CALL_LIMITS, createCallLimits } from "#agent/limitCalls.ts";
import { MAX_ANSWER_BYTES, MAX_REQUEST_BYTES } from "#agent/limitRequest.ts";
import type { Log } from "#agent/log.ts";
import { createCallGuard } from "#agent/routes.ts";
import { ConfigurationService } from "#protocol/gen/socle/v1/configuration_pb.ts";
import { ControlService } from "#protocol/gen/socle/v1/control_pb.ts";
import { DebugService } from "#protocol/gen/socle/v1/debug_pb.ts";
import { MachineService } from "#protocol/gen/socle/v1/machine_pb.ts";
import { MaintenanceService } from "#protocol/gen/socle/v1/maintenance_pb.ts";
import { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";
import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";

/** SOCLE_LONG_MODEL=1 looks at ten times as many. */
const RUNS = process.env["SOCLE_LONG_MODEL"] === "1" ? 1_000_000 : 100_000;
const SEED = process.env["SOCLE_MODEL_SEED"];
const PARAMETERS = SEED === undefined ? {} : { seed: Number(SEED) };
/** No request may hold the agent up. Of the processor's time: a busy host may keep the process itself waiting. */
const LONGEST_MS = 1000;

const SERVICES = [
  MachineService,
  UpdateService,
  ObserveService,
  ConfigurationService,
  ControlService,
  DebugService,
  MaintenanceService,
];

/** Whoever gets through the decoder is answered with nothing. */
function answerNothing(method: DescMethod) {
  switch (method.methodKind) {
    case "unary":
      return () => create(method.output);
    case "server_streaming":
      return async function* () {};
    default:
      return async function* (parts: AsyncIterable<unknown>) {
        // What comes is read to its end, as a session would.
        for await (const _part of parts) yield create(method.output);
      };
  }
}

const failed: unknown[] = [];
/** Of a stream, the message is decoded behind the guard: what the decoder refuses is an answer. All else is a defect. */
const guardLog: Log = (_level, message, fields) => {
  if (message === "call failed" && !(fields?.["error"] instanceof ConnectError)) failed.push(fields);
};
const audit = createAudit(() => {});
// As startAgent.ts puts it together, without a socket.
const router = createConnectRouter({
  interceptors: [
    createCallerGuard(audit, () => {}),
    createCallGuard(guardLog, () => 0),
    createCallLimits({ ...CALL_LIMITS, streamsInAll: 1000, streamsPerCaller: 1000 }),
  ],
  jsonOptions: { ignoreUnknownFields: false },
  readMaxBytes: MAX_REQUEST_BYTES,
  writeMaxBytes: MAX_ANSWER_BYTES,
});
for (const service of SERVICES) {
  const calls = service.methods.map((method) => [method.localName, answerNothing(method)]);
  router.service(service, Object.fromEntries(calls) as ServiceImpl<typeof service>); // one for each, by its kind
}
const HANDLERS: readonly UniversalHandler[] = router.handlers;

/** A generator of numbers below a bound, the same for the same seed (mulberry32). */
function toNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const TEXTS = [
  "",
  "a",
  "../../etc/shadow",
  "\n",
  "%n",
  "{}",
  "é\u0000",
  "x".repeat(300),
  "socle-agent.service",
];

function toScalar(type: ScalarType, next: (below: number) => number): unknown {
  switch (type) {
    case ScalarType.STRING:
      return TEXTS[next(TEXTS.length)];
    case ScalarType.BYTES:
      return Uint8Array.from({ length: next(40) }, () => next(256));
    case ScalarType.BOOL:
      return next(2) === 1;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return BigInt(next(2 ** 31));
    default:
      // More nanoseconds than there are in a second cannot be said in JSON.
      return next(10 ** 9);
  }
}

/** A message of this type that is right: some of its fields are set. */
function fill(message: ReflectMessage, next: (below: number) => number, depth = 0): void {
  for (const field of message.fields) {
    if (next(3) === 0) continue;
    if (field.fieldKind === "scalar") message.set(field, toScalar(field.scalar, next));
    if (field.fieldKind === "enum")
      message.set(field, field.enum.values[next(field.enum.values.length)]?.number ?? 0);
    if (field.fieldKind === "message" && depth < 3) {
      const inner = reflect(field.message);
      fill(inner, next, depth + 1);
      message.set(field, inner);
    }
    if (field.fieldKind === "list" && field.listKind === "scalar") {
      const list = message.get(field);
      for (let count = next(4); count > 0; count--) list.add(toScalar(field.scalar, next));
    }
  }
}

function encode(schema: DescMessage, isJson: boolean, seed: number): Uint8Array {
  const message = reflect(schema);
  fill(message, toNumbers(seed));
  return isJson ? Buffer.from(toJsonString(schema, message.message)) : toBinary(schema, message.message);
}

/** One byte changed, some cut out, some put in, or the end repeated. */
type Change = readonly [kind: number, at: number, value: number];

function apply(bytes: Uint8Array, [kind, at, value]: Change): Uint8Array {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  const [head, tail] = [bytes.subarray(0, place), bytes.subarray(place)];
  switch (kind) {
    case 0:
      return Buffer.concat([head, Uint8Array.of(value), tail.subarray(1)]);
    case 1:
      return Buffer.concat([head, tail.subarray(1 + (value % 8))]);
    case 2:
      return Buffer.concat([head, Buffer.alloc(1 + (value % 12), value), tail]);
    default:
      return Buffer.concat([bytes, tail]);
  }
}

const change: fc.Arbitrary<Change> = fc.tuple(fc.nat(3), fc.nat(400), fc.nat(255));
const CODECS = ["proto", "json"] as const;
const ENVELOPES = [
  (codec: string) => `application/connect+${codec}`,
  (codec: string) => `application/grpc+${codec}`,
];

const input = fc.record({
  handler: fc.nat(HANDLERS.length - 1),
  codec: fc.constantFrom(...CODECS),
  envelope: fc.nat(2),
  seed: fc.nat(),
  random: fc.option(fc.uint8Array({ maxLength: 200 }), { freq: 3 }),
  changes: fc.array(change, { maxLength: 4 }),
  lie: fc.option(fc.nat(2 ** 31), { freq: 20 }),
  flags: fc.constantFrom(0, 0, 0, 0, 1, 2, 128),
});
type Input = typeof input extends fc.Arbitrary<infer Value> ? Value : never;

function toBody({ handler, codec, seed, random, changes }: Input): Uint8Array {
  const { input: schema } = HANDLERS[handler]!.method;
  return random ?? changes.reduce(apply, encode(schema, codec === "json", seed));
}

/** Five bytes before a message of a stream: flags and length, which need not be true. */
function toEnvelope(body: Uint8Array, flags: number, lie: number | null): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(lie ?? body.length, 1);
  return Buffer.concat([head, body]);
}

const statuses = new Map<string, number>();

async function ask(tried: Input): Promise<void> {
  const handler = HANDLERS[tried.handler]!;
  const isUnary = handler.method.methodKind === "unary";
  const envelope = ENVELOPES[isUnary && tried.envelope === 2 ? -1 : tried.envelope % 2];
  const isPlain = isUnary && envelope === undefined;
  const body = toBody(tried);
  const contentType = isPlain ? `application/${tried.codec}` : (envelope?.(tried.codec) ?? "");
  const bytes = isPlain ? body : toEnvelope(body, tried.flags, tried.lie);
  const response = await handler({
    httpVersion: "2.0",
    method: "POST",
    url: `https://machine${handler.requestPath}`,
    header: new Headers({ "content-type": contentType, te: "trailers" }),
    // In two parts, as a network may bring it.
    body: (async function* () {
      yield bytes.subarray(0, bytes.length >> 1);
      yield bytes.subarray(bytes.length >> 1);
    })(),
    contextValues: createContextValues().set(callerKey, { name: "fuzz", role: "admin", serial: "01" }),
    signal: new AbortController().signal,
  });
  const parts: Uint8Array[] = [];
  if (response.body !== undefined) for await (const part of response.body) parts.push(part);
  const text = Buffer.concat(parts).toString("latin1");
  assert.doesNotMatch(text, /node_modules|\.ts:\d|at async/, "our insides");
  const ending = `${contentType} ${response.status}`;
  statuses.set(ending, (statuses.get(ending) ?? 0) + 1);
}

test("no bytes of a request crash the decoder of calls, hold it up, or reach what is behind it as a failure", async () => {
  await fc.assert(
    fc.asyncProperty(input, async (tried) => {
      const from = process.cpuUsage();
      await ask(tried);
      const { user, system } = process.cpuUsage(from);
      const tookMs = (user + system) / 1000;
      assert.ok(tookMs < LONGEST_MS, `it took ${tookMs} ms`);
      assert.deepEqual(failed.splice(0), []);
    }),
    { numRuns: RUNS, ...PARAMETERS },
  );
  // Both ways out were taken, in each form: right requests and refused ones.
  for (const form of ["application/proto", "application/json"])
    for (const status of [200, form === "application/json" ? 400 : 500])
      assert.ok(
        (statuses.get(`${form} ${status}`) ?? 0) > RUNS / 500,
        `${form} ${status}: ${JSON.stringify([...statuses])}`,
      );
});
