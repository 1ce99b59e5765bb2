import assert from "node:assert/strict";
import { test } from "node:test";
import { SocleError } from "#progress/socleError.ts";
import { toMarks } from "./marks.ts";
import { plainPaint } from "./paint.ts";
import { renderProblem, renderProblemJson } from "./renderProblem.ts";
import { toProblem } from "./toProblem.ts";
import { UsageError } from "./usageError.ts";

class StepError extends SocleError<"step-failed"> {
  override readonly name = "StepError";
}

const FAILED_STEP = new StepError("step-failed", 'configure failed: postinst of "postgresql-15" exited 1', {
  outputTail: "Setting up postgresql-15 ...\npg_createcluster: Read-only file system\n",
  hint: 'add  state: ["/etc/postgresql"]  to system.ts\nor leave the cluster out',
  cause: new Error("the package writes to /etc"),
});

test("an expected failure has what failed, the end of the output, why, what to do, and its code", () => {
  assert.equal(
    renderProblem(toProblem(FAILED_STEP), toMarks({}), plainPaint),
    [
      '✗ configure failed: postinst of "postgresql-15" exited 1',
      "",
      "  last lines:",
      "    Setting up postgresql-15 ...",
      "    pg_createcluster: Read-only file system",
      "",
      "  Why   the package writes to /etc",
      '  Fix   add  state: ["/etc/postgresql"]  to system.ts',
      "        or leave the cluster out",
      "  step-failed · docs/errors.md",
      "",
    ].join("\n"),
  );
});

test("a program gets the same as one JSON object", () => {
  const line = renderProblemJson(toProblem(FAILED_STEP), new Date(0));
  const { at, kind, code, causes, exitCode } = JSON.parse(line) as Record<string, unknown>; // written just above
  assert.deepEqual(
    { at, kind, code, causes, exitCode },
    {
      at: "1970-01-01T00:00:00.000Z",
      kind: "failed",
      code: "step-failed",
      causes: ["the package writes to /etc"],
      exitCode: 1,
    },
  );
});

test("the hint and the output may come from a cause, and no cause is said twice", () => {
  const outer = new StepError("step-failed", `build failed: ${FAILED_STEP.message}`, { cause: FAILED_STEP });
  const problem = toProblem(outer);
  assert.equal(problem.hint, FAILED_STEP.hint);
  assert.equal(problem.outputTail, FAILED_STEP.outputTail);
  assert.deepEqual(problem.causes, ["the package writes to /etc"]);
});

test("a full disk is the machine's trouble, not a defect, and says what frees room", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    syscall: "write",
  });
  assert.equal(toProblem(full).title, "ENOSPC: no space left on device, write");
  assert.match(toProblem(full).hint ?? "", /socle cache prune/);
  assert.match(
    toProblem(new StepError("step-failed", "pack failed", { cause: full })).hint ?? "",
    /cache prune/,
  );
});

test("an error that nobody foresaw is called a defect and asks for --debug", () => {
  const problem = toProblem(new TypeError("x is not a function"));
  assert.equal(problem.title, "this is a defect in socle: x is not a function");
  assert.match(problem.hint ?? "", /--debug/);
  assert.equal(problem.exitCode, 1);
  assert.match(problem.trace, /toProblem.test.ts/);
});

test("what is thrown but is no error is told too", () => {
  assert.equal(toProblem("boom").title, "this is a defect in socle: boom");
  assert.equal(toProblem(undefined).title, "this is a defect in socle: undefined");
});

test("an aborted operation is an interruption, however deep it lies", () => {
  const aborted = new StepError("step-failed", "download failed", { cause: AbortSignal.abort().reason });
  assert.deepEqual(
    { ...toProblem(aborted), trace: "" },
    {
      title: "interrupted",
      body: [],
      causes: [],
      code: undefined,
      hint: undefined,
      outputTail: undefined,
      exitCode: 130,
      trace: "",
    },
  );
});

test("a command line that cannot be followed has exit code 2", () => {
  assert.equal(toProblem(new UsageError("no-definition", "Cannot find a definition")).exitCode, 2);
});

test("causes that form a circle end", () => {
  const error = new Error("a");
  error.cause = new Error("b", { cause: error });
  assert.deepEqual(toProblem(error).causes, ["b"]);
});

test("many errors at once are all told", () => {
  const problem = toProblem(
    new StepError("step-failed", "fetch failed", {
      cause: new AggregateError([new Error("one"), new Error("two")]),
    }),
  );
  assert.deepEqual(problem.causes, ["one\ntwo"]);
});
