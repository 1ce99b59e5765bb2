import { z } from "zod";
import { DEFAULTS } from "./defaults.ts";
import { DURATION_PATTERN, DURATION_WANTED, parseDuration } from "./duration.ts";
import { key, list, refuse, scalar, section, text } from "./schemaParts.ts";
import { SIZE_PATTERN, SIZE_WANTED, parseSize } from "./size.ts";
import { TEXT_RULES } from "./textRules.ts";

/** The section `health` of a definition, as it is written. */

const PROBE_KINDS = ["http", "tcp", "command", "function"] as const;
const PROBE_WANTED = "an object with one of http, tcp, command and function";

const duration = (rule: "span" | "positive") =>
  text({
    wanted: DURATION_WANTED,
    pattern: DURATION_PATTERN,
    refuse: (written) => {
      const parsed = parseDuration(written);
      if ("wanted" in parsed) return parsed;
      return rule === "positive" && parsed.durationMs === 0 ? { hint: "more than nothing" } : undefined;
    },
    hint: (written) => {
      const parsed = parseDuration(written);
      return "wanted" in parsed ? parsed.hint : undefined;
    },
  });

const probe = section(
  {
    http: key(
      text(TEXT_RULES.probeUrl),
      "An http: address that must answer with `status`. Redirects are not followed.",
    ),
    status: key(
      z
        .int({ error: "a status of HTTP, 100 to 599" })
        .min(100, { error: "a status of HTTP, 100 to 599" })
        .max(599, { error: "a status of HTTP, 100 to 599" }),
      "The status that `http` must answer with.",
      DEFAULTS.probeStatus,
    ),
    tcp: key(text(TEXT_RULES.probeAddress), "`host:port` that must take a connection."),
    command: key(
      list(TEXT_RULES.commandWord).refine(([program]) => program !== undefined && /^\/[^/]/.test(program), {
        error: 'a program by its absolute path, and its arguments, such as ["/usr/bin/pg_isready"]',
      }),
      "A program of the image and its arguments; it must exit with 0. It runs without privileges, network or a writable file system.",
    ),
    function: key(
      text(TEXT_RULES.probeModule),
      "A module whose default export is a `HealthProbeFunction`: a path beside the definition that names it, or a `file:` URL. It runs on the machine.",
    ),
    timeout: key(duration("positive"), "How long the answer may take.", DEFAULTS.probeTimeout),
  },
  PROBE_WANTED,
)
  .superRefine((written, context) => {
    const kinds = PROBE_KINDS.filter((kind) => written[kind] !== undefined);
    if (kinds.length !== 1) {
      refuse(context, PROBE_WANTED, kinds.length === 0 ? {} : { hint: `it has ${kinds.join(" and ")}` });
    } else if (written.status !== undefined && kinds[0] !== "http") {
      refuse(context, `no status beside ${kinds[0]}`, { hint: "only http answers with one" });
    }
  })
  .meta({
    oneOf: PROBE_KINDS.map((kind) => ({
      required: [kind],
      ...(kind === "http" ? {} : { properties: { status: false } }),
    })),
  });

const factor = () => {
  const wanted = "a number from 1 to 1000: how many times as much is allowed";
  return z.number({ error: wanted }).min(1, { error: wanted }).max(1000, { error: wanted });
};

const regression = section(
  {
    bootTime: key(
      factor(),
      "Factor of the time from the kernel's start until everything is well.",
      DEFAULTS.regression.bootTime,
    ),
    memory: key(factor(), "Factor of the memory in use.", DEFAULTS.regression.memory),
    restarts: key(
      factor(),
      "Factor of the units that systemd had to start again; the first two are never a fault.",
      DEFAULTS.regression.restarts,
    ),
  },
  "an object with bootTime, memory and restarts",
);

const lists = (documentation: { units: string; mayFail: string }) => ({
  units: key(list(TEXT_RULES.unitName), documentation.units),
  mayFail: key(list(TEXT_RULES.unitName), documentation.mayFail),
});

/** What `remove.health` can take away. */
export const healthLists = {
  ...lists({ units: "Units that need not be active.", mayFail: "Units whose failure is a fault again." }),
  probes: key(list(TEXT_RULES.probeName), "Names of probes."),
};

export const health = section(
  {
    ...lists({
      units: "Units that must be active, beside multi-user.target and the agent.",
      mayFail:
        "Units that may be failed. Any other that failed, and was not failed at the last good boot, is a fault.",
    }),
    probes: key(
      z.record(text(TEXT_RULES.probeName), probe, { error: "an object of probes, by name" }),
      "Questions to the running system, by name.",
    ),
    freeSpace: key(
      z.record(text(TEXT_RULES.folderPath), scalar(SIZE_PATTERN, SIZE_WANTED, parseSize), {
        error: 'an object of sizes, by folder, such as { "/var": "50MiB" }',
      }),
      "Room that must be left, by folder. Default: 32MiB in `/var` where it persists.",
    ),
    soak: key(
      duration("span"),
      "How long everything must stay well before the verdict.",
      DEFAULTS.healthSoak,
    ),
    timeout: key(
      duration("positive"),
      "How long it may take, from the start of the judgement, until everything is well.",
      DEFAULTS.healthTimeout,
    ),
    regression: key(
      z.union([z.literal(false), regression], {
        error: "false, or an object with bootTime, memory and restarts",
      }),
      "How much worse than the last good boot of another version a boot may be; `false`: not compared.",
    ),
  },
  "an object with units, mayFail, probes, freeSpace, soak, timeout and regression",
);
