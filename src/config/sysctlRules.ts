/** Names of kernel settings that a machine's document does not set, or not to every value. */

export interface SysctlRule {
  /** Whole names; `*` stands for any characters. */
  readonly names: readonly string[];
  /** The only values that are taken; undefined: none is. */
  readonly values?: RegExp;
  readonly wanted: string;
  readonly hint?: string;
}

const NOT_THIS_ONE = "another setting: this one is not for a document to change";

export const SYSCTL_RULES: readonly SysctlRule[] = [
  {
    names: ["kernel.core_pattern"],
    values: /^(?![|@])/,
    wanted: "the name of a file",
    hint: "a pipe or a socket would let each crash start something as root",
  },
  {
    names: ["kernel.modprobe", "kernel.hotplug", "kernel.poweroff_cmd", "kernel.usermodehelper.*"],
    wanted: NOT_THIS_ONE,
    hint: "it says which program the kernel starts as root",
  },
  {
    names: ["fs.binfmt_misc.*"],
    wanted: NOT_THIS_ONE,
    hint: "it says which programs run what is no program itself",
  },
  {
    names: ["kernel.modules_disabled"],
    wanted: NOT_THIS_ONE,
    hint: "a boot loads modules until its end, for /boot too; executionControl takes them from the root only",
  },
  {
    names: ["kernel.kexec_load_disabled"],
    values: /^1$/,
    wanted: '"1"',
    hint: "another kernel would not be one that the firmware has checked",
  },
  {
    names: ["kernel.panic"],
    values: /^-?[1-9][0-9]*$/,
    wanted: "a number that is not 0",
    hint: "a machine that stops for ever at a panic never falls back to the version before",
  },
  {
    names: ["kernel.panic_on_oops"],
    values: /^1$/,
    wanted: '"1"',
    hint: "a kernel that has lost a thread in the middle of something is restarted",
  },
  {
    names: ["fs.protected_symlinks", "fs.protected_hardlinks", "fs.protected_fifos", "fs.protected_regular"],
    values: /^[12]$/,
    wanted: '"1" or "2"',
    hint: "without it a program could have root write to other files than meant",
  },
  {
    names: ["kernel.hostname", "kernel.domainname"],
    wanted: "no such setting",
    hint: 'the key "hostname" says it',
  },
];

export function findSysctlRule(name: string): SysctlRule | undefined {
  return SYSCTL_RULES.find(({ names }) =>
    names.some((each) => (each.endsWith("*") ? name.startsWith(each.slice(0, -1)) : name === each)),
  );
}
