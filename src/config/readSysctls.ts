import { entriesOf, refuse, type Place } from "./documentReader.ts";
import type { Sysctl, SysctlName, SysctlValue } from "./machineConfiguration.ts";
import { findSysctlRule } from "./sysctlRules.ts";

/** Each part of a name is one name of a folder below /proc/sys, so none is "." or "..". */
const PART = "[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*";
const NAME = new RegExp(`^(?=.{1,200}$)[a-z][a-z0-9_]*(?:\\.${PART})+$`);
/** Printable, with single blanks or tabs between: "4096 87380 6291456". */
const VALUE = /^[!-~]+(?:[ \t][!-~]+)*$/;

export const readSysctls = entriesOf<Sysctl>("kernel settings and their values", 500, readSysctl);

function readSysctl(name: Place, value: Place): Sysctl | undefined {
  const text = String(name.value);
  if (!NAME.test(text)) {
    const hint =
      /^[a-z0-9_/-]+$/.test(text) && text.includes("/") ? `write "${text.replaceAll("/", ".")}"` : undefined;
    return refuse(name, 'the name of a kernel setting, such as "net.ipv4.ip_forward"', hint);
  }
  const setting = typeof value.value === "number" ? String(value.value) : value.value;
  if (typeof setting !== "string" || !VALUE.test(setting) || setting.length > 1000) {
    return refuse(value, 'a whole number or one line of text, such as 1 or "1024 65535"');
  }
  if (typeof value.value === "number" && !Number.isSafeInteger(value.value)) {
    return refuse(value, "a whole number, or text", "write large numbers as text");
  }
  const rule = findSysctlRule(text);
  if (rule !== undefined && rule.values?.test(setting) !== true) return refuse(value, rule.wanted, rule.hint);
  return { name: text as SysctlName, value: setting as SysctlValue }; // both were matched
}
