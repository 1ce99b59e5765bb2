import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

import { callerKey } from "./caller.ts";
import { toRefusal } from "./toRefusal.ts";

export interface CallLimits {
  /** Answers in parts that one caller may have under way. */
  readonly streamsPerCaller: number;
  /** The same of all callers together. */
  readonly streamsInAll: number;
  /** For an answer in one piece, however long the caller would wait. */
  readonly answerMs: number;
}

export const CALL_LIMITS: CallLimits = { streamsPerCaller: 16, streamsInAll: 64, answerMs: 120_000 };

/** So that no caller, and not all of them, can take the machine's memory and programs for themselves. */
export function createCallLimits({ streamsPerCaller, streamsInAll, answerMs }: CallLimits): Interceptor {
  /** How many each caller has. */
  const streams = new Map<string, number>();
  let inAll = 0;

  /** @returns what gives it back, once */
  const takeStream = (caller: string) => {
    const taken = streams.get(caller) ?? 0;
    if (taken >= streamsPerCaller || inAll >= streamsInAll)
      throw toRefusal(
        Code.ResourceExhausted,
        "too-many-streams",
        taken >= streamsPerCaller
          ? `"${caller}" follows ${taken} things on this machine already`
          : `${inAll} things are followed on this machine already`,
        `End some first: one caller may follow ${streamsPerCaller}, all together ${streamsInAll}.`,
      );
    streams.set(caller, taken + 1);
    inAll += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      inAll -= 1;
      const left = (streams.get(caller) ?? 1) - 1;
      if (left === 0) streams.delete(caller);
      else streams.set(caller, left);
    };
  };

  return (next) => async (request) => {
    if (!request.stream) return withinTime(next(request), answerMs);
    const giveBack = takeStream(request.contextValues.get(callerKey).name);
    // A caller that goes away before the first part: then nobody ever takes one.
    request.signal.addEventListener("abort", giveBack, { once: true });
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: untilOver(response.message, giveBack) } : response;
    } catch (error) {
      giveBack();
      throw error;
    }
  };
}

async function* untilOver<Part>(parts: AsyncIterable<Part>, onOver: () => void): AsyncGenerator<Part> {
  try {
    yield* parts;
  } finally {
    onOver();
  }
}

async function withinTime<Answer>(answer: Promise<Answer>, timeMs: number): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new ConnectError("the answer took too long", Code.DeadlineExceeded)),
    timeMs,
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
