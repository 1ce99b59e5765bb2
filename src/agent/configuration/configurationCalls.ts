import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";

import { ConfigurationError, describeFound } from "#config/configurationError.ts";
import { toShownDocument } from "#config/diffDocuments.ts";
import type { Generation } from "#config/generation.ts";
import { decodeDocument, parseMachineConfiguration } from "#config/parseMachineConfiguration.ts";
import type { ApplyPlan } from "#config/planApply.ts";
import { toProblem, type Problem } from "#definition/problem.ts";
import {
  ConfigurationService,
  type ApplyConfigurationRequest,
  type ApplyConfigurationResponseSchema,
  type ConfigurationProblemSchema,
  type GenerationSchema,
  type GetConfigurationResponseSchema,
  type GetGenerationResponseSchema,
  type PlanConfigurationResponseSchema,
} from "#protocol/gen/socle/v1/configuration_pb.ts";

import { findDocument } from "../findDocument.ts";
import { CALLER_HEADER } from "../passCalls.ts";
import type { PrivilegedCalls } from "../updater/startUpdater.ts";
import { toUpdateConnectError } from "../updater/toUpdateConnectError.ts";
import type { ConfigurationAim } from "./configurationAim.ts";
import { Configurator, type ConfiguratorOptions } from "./configurator.ts";

const LONGEST_REASON = 500;
const LONGEST_TRIAL_SECONDS = 24 * 60 * 60;

/** The machine configuration and its generations: served by the privileged process. docs/configuration.md */
export function createConfigurationCalls(options: ConfiguratorOptions): PrivilegedCalls {
  const configurator = new Configurator(options);
  return {
    register: (router) => router.service(ConfigurationService, toImplementation(configurator, options)),
    start: async (hold, signal) => configurator.start(hold, signal),
  };
}

function toImplementation(
  configurator: Configurator,
  options: ConfiguratorOptions,
): ServiceImpl<typeof ConfigurationService> {
  return {
    getConfiguration: () => answer(async () => getConfiguration(configurator, options)),
    planConfiguration: (request) =>
      answer(async () => toPlanMessage(await configurator.plan(toAim(request)))),
    applyConfiguration: (request, context) => apply(configurator, request, toCaller(context)),
    confirmConfiguration: ({ generation }, context) =>
      answer(async () => {
        await configurator.confirm(generation, toCaller(context));
        return {};
      }),
    listGenerations: () =>
      answer(async () => ({
        generations: (await configurator.list()).toReversed().map(toGenerationMessage),
      })),
    getGeneration: ({ number }) => answer(async () => getGeneration(configurator, number)),
  };
}

/** Of the agent, the only one that can call: it knows who calls it. */
function toCaller({ requestHeader }: HandlerContext): string {
  return decodeURIComponent(requestHeader.get(CALLER_HEADER) ?? "");
}

async function answer<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw toUpdateConnectError(error);
  }
}

function toAim({
  document,
  generation,
}: Pick<ApplyConfigurationRequest, "document" | "generation">): ConfigurationAim {
  return document === "" ? { generation } : { document };
}

async function* apply(
  configurator: Configurator,
  request: ApplyConfigurationRequest,
  who: string,
): AsyncGenerator<MessageInitShape<typeof ApplyConfigurationResponseSchema>> {
  const { reason, trialSeconds } = request;
  if (trialSeconds > LONGEST_TRIAL_SECONDS)
    throw new ConnectError(`a trial lasts at most ${LONGEST_TRIAL_SECONDS} seconds`, Code.InvalidArgument);
  try {
    const aim = toAim(request);
    const steps = await configurator.apply({
      aim,
      who,
      reason: reason.slice(0, LONGEST_REASON),
      trialSeconds,
    });
    for await (const { problems = [], generation = 0, ...step } of steps)
      yield { ...step, generation, problems: problems.map(toProblemMessage) };
  } catch (error) {
    throw toUpdateConnectError(error);
  }
}

async function getConfiguration(
  configurator: Configurator,
  { machine, log }: ConfiguratorOptions,
): Promise<MessageInitShape<typeof GetConfigurationResponseSchema>> {
  const [found, generations] = await Promise.all([findDocument(machine, log), configurator.list()]);
  if (found === undefined) return { source: "none" };
  const { source, generation = 0, content } = found;
  const of = generations.find(({ number }) => number === generation);
  const until = of?.state === "trial" ? of.until : undefined;
  const { document, problems } =
    "text" in content
      ? showDocument(content.text)
      : { document: "", problems: [toProblem([], content.unreadable, "a document that can be read")] };
  return {
    source,
    generation,
    document,
    problems: problems.map(toProblemMessage),
    ...(until === undefined ? {} : { trialUntil: timestampFromDate(until) }),
  };
}

async function getGeneration(
  configurator: Configurator,
  number: number,
): Promise<MessageInitShape<typeof GetGenerationResponseSchema>> {
  const generation = await configurator.get(number);
  return {
    generation: toGenerationMessage(generation),
    document: showDocument(generation.document).document,
  };
}

/** Without secrets; and what this version of the system has against it. */
function showDocument(text: string): { document: string; problems: readonly Problem[] } {
  if (text === "") return { document: "", problems: [] };
  let document: unknown;
  try {
    document = decodeDocument(text);
    parseMachineConfiguration(document);
    return { document: JSON.stringify(toShownDocument(document)), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const shown = document === undefined ? "" : JSON.stringify(toShownDocument(document));
    return { document: shown, problems: error.problems };
  }
}

function toPlanMessage(plan: ApplyPlan): MessageInitShape<typeof PlanConfigurationResponseSchema> {
  if (plan.kind === "refused") return { problems: plan.problems.map(toProblemMessage) };
  return {
    files: plan.files.map(({ path, kind }) => ({ path: `/etc/${path}`, change: kind })),
    units: plan.units.map(({ unit }) => unit),
    needsReboot: plan.rebootFor.length > 0,
    goneAfterReboot: plan.goneAfterReboot,
    keys: plan.keys.map(({ path, from = "", to = "", differsInSecret }) => ({
      path,
      from,
      to: differsInSecret ? sayOfSecret(to) : to,
    })),
  };
}

/** What both look like without their secret, in JSON; else they would look the same. */
function sayOfSecret(json: string): string {
  const value: unknown = JSON.parse(json);
  return typeof value === "string" ? JSON.stringify(`${value} (another secret)`) : json;
}

export function toProblemMessage(problem: Problem): MessageInitShape<typeof ConfigurationProblemSchema> {
  const { path, wanted, hint = "" } = problem;
  return { path, found: describeFound(problem), wanted, hint };
}

function toGenerationMessage(generation: Generation): MessageInitShape<typeof GenerationSchema> {
  const { number, at, who, reason, healthyOn, state, digest } = generation;
  const revertedBecause = generation.state === "reverted" ? generation.because : "";
  const shared = { number, at: timestampFromDate(at), who, reason, state, digest };
  return { ...shared, healthyOn: [...healthyOn], revertedBecause };
}
