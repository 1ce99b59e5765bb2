import { z } from "zod";
import { configuration } from "./configurationSchema.ts";
import { debug } from "./debugSchema.ts";
import { DEFAULTS } from "./defaults.ts";
import { health, healthLists } from "./healthSchema.ts";
import { ETC_POLICIES, EXECUTION_CONTROLS, LEVELS, USR_POLICIES, VAR_POLICIES } from "./levels.ts";
import { MODE_PATTERN, MODE_WANTED, parseMode } from "./parseMode.ts";
import { SOURCE_DATE_PATTERN, SOURCE_DATE_WANTED, parseSourceDate } from "./parseSourceDate.ts";
import { SIZE_PATTERN, SIZE_WANTED, parseSize } from "./size.ts";
import { choice, key, list, names, refuse, scalar, section, text } from "./schemaParts.ts";
import type { SystemLayer } from "./systemInput.ts";
import { TEXT_RULES } from "./textRules.ts";
import { update } from "./updateSchema.ts";

/**
 * The form of a definition as it is written. Every key is optional here, since a definition can
 * extend another; `findContradictions` asks for what a whole system needs. Defaults are shown, not
 * filled in: what a layer does not say must not replace what its base says. `checks` is no part of
 * it: `loadDefinition` takes it out before, since functions are no data.
 */

const size = () => scalar(SIZE_PATTERN, SIZE_WANTED, parseSize);

const file = section(
  {
    content: key(
      z.string({ error: "text" }).refine((content) => content.isWellFormed(), {
        error: "text that is valid Unicode; for other bytes use source",
      }),
      "The content, as text.",
    ),
    source: key(
      text(TEXT_RULES.source),
      'A file to copy: a path beside the definition that names it, or a `file:` URL such as `import.meta.resolve("./motd")`.',
    ),
    mode: key(
      scalar(MODE_PATTERN, MODE_WANTED, parseMode),
      "Permissions, in octal: `0644` as text, `0o644` as a number.",
      DEFAULTS.fileMode,
    ),
    owner: key(
      text(TEXT_RULES.owner),
      "Owner and group, as `user:group`, names or numbers.",
      DEFAULTS.fileOwner,
    ),
  },
  "an object with content or source",
)
  .superRefine(({ content, source }, context) => {
    if ((content === undefined) === (source === undefined)) {
      refuse(
        context,
        "either content or source",
        content === undefined ? {} : { hint: "leave one of them out" },
      );
    }
  })
  .meta({ oneOf: [{ required: ["content"] }, { required: ["source"] }] });

const files = z.record(
  text(TEXT_RULES.filePath),
  z.union(
    [z.string().refine((content) => content.isWellFormed(), { error: "text that is valid Unicode" }), file],
    {
      error: "the content as text, or an object with content or source",
    },
  ),
  { error: "an object of files, by absolute path" },
);

const units = (documentation: Record<"enable" | "disable" | "mask" | "restartable", string>) =>
  section(
    {
      enable: key(list(TEXT_RULES.unitName), documentation.enable),
      disable: key(list(TEXT_RULES.unitName), documentation.disable),
      mask: key(list(TEXT_RULES.unitName), documentation.mask),
      restartable: key(list(TEXT_RULES.unitName), documentation.restartable),
    },
    "an object with enable, disable, mask and restartable",
  );

const unitDocumentation = {
  enable: "Units to start at boot.",
  disable: "Units that their package enables and that shall not start by themselves.",
  mask: "Units that nothing may start.",
  restartable: "Units that operators may restart: `socle services restart`.",
};

const kernelLists = {
  modules: key(list(TEXT_RULES.moduleName), "Modules to load at boot."),
  initrdModules: key(
    list(TEXT_RULES.moduleName),
    "Modules to add to the initrd, beside those that the boot chain needs.",
  ),
  arguments: key(
    list(TEXT_RULES.kernelArgument),
    "Words to append to the kernel command line. Socle sets those of the root and its verification.",
  ),
};

const policies = section(
  { usr: choice(names(USR_POLICIES)), etc: choice(names(ETC_POLICIES)), var: choice(names(VAR_POLICIES)) },
  "an object with a policy for each of usr, etc and var",
);

const LEVEL_WANTED = `one of ${names(LEVELS)
  .map((name) => `"${name}"`)
  .join(", ")}, or a policy for each of usr, etc and var`;

const remove = section(
  {
    packages: key(list(TEXT_RULES.packageName), "Packages not to install."),
    files: key(list(TEXT_RULES.filePath), "Files not to put into the image, by path."),
    units: key(units(unitDocumentation), "Units to take out of these lists."),
    kernel: key(section(kernelLists, "an object with lists"), "Modules and arguments to take out."),
    health: key(section(healthLists, "an object with lists"), "Demands to take out, probes by name."),
  },
  "an object with what to take away from the base",
);

export const layerSchema = section(
  {
    extends: key(
      z
        .string({ error: "the path of another definition" })
        .min(1, { error: "the path of another definition" }),
      "Another definition that this one changes: a path beside this file (`./base.ts`, `./base.yaml`), or in TypeScript an imported system.",
    ),
    remove: key(remove, "What to take away from the system named by `extends`."),
    id: key(
      text(TEXT_RULES.id),
      "Short name of the system, used in file names and os-release: lower-case letters and digits, separated by single `.` or `-`; at most 32 characters.",
    ),
    version: key(
      text(TEXT_RULES.version),
      "Version of the system: letters, digits, `.` and `-`. Each release needs a new, higher one.",
    ),
    name: key(text(TEXT_RULES.name), "Name for people, without the version. Default: the id."),
    distribution: key(
      section(
        {
          suite: key(
            text(TEXT_RULES.suite),
            "Debian suite. Its updates and security suites are used with it.",
            DEFAULTS.suite,
          ),
          components: key(
            list(TEXT_RULES.component).min(1, { error: 'at least one component, such as "main"' }),
            "Components of the archive, such as `non-free-firmware`.",
            DEFAULTS.components,
          ),
        },
        "an object with suite and components",
      ),
      "The distribution that the packages come from.",
    ),
    packages: key(
      list(TEXT_RULES.packageName),
      "Debian packages to install, beside what Socle itself needs. The lock pins their versions.",
    ),
    files: key(files, "Files to put into the image, by absolute path: the content itself, or an object."),
    units: key(
      units(unitDocumentation),
      "systemd units to enable, disable or mask, and those that operators may restart.",
    ),
    kernel: key(
      section(
        {
          package: key(text(TEXT_RULES.packageName), "The Debian kernel package.", DEFAULTS.kernelPackage),
          ...kernelLists,
        },
        "an object with package, modules, initrdModules and arguments",
      ),
      "The kernel, its modules and its command line.",
    ),
    hostname: key(text(TEXT_RULES.hostname), "Host name (RFC 1123). Default: the id."),
    timeZone: key(
      text(TEXT_RULES.timeZone),
      "Time zone, by IANA name, such as `Europe/Paris`.",
      DEFAULTS.timeZone,
    ),
    locale: key(text(TEXT_RULES.locale), "Locale, in UTF-8, such as `en_GB.UTF-8`.", DEFAULTS.locale),
    level: key(
      z.union([choice(names(LEVELS)), policies], { error: LEVEL_WANTED }),
      "Level of immutability, or one policy per tree.",
      DEFAULTS.level,
    ),
    executionControl: key(
      choice(EXECUTION_CONTROLS),
      "`signed`: under Secure Boot the kernel runs programs and loads modules from the signed root only. Default: `signed` where `/var` holds no programs (`sealed`, `total`), else `off`.",
    ),
    root: key(
      section(
        {
          compression: key(
            choice(["none", "lz4", "zstd"]),
            "Compression of the root image. `none` gives the smallest updates, `lz4` and `zstd` the smallest disks.",
            DEFAULTS.compression,
          ),
        },
        "an object with compression",
      ),
      "How the root image is stored.",
    ),
    disk: key(
      section(
        {
          size: key(
            size(),
            "The whole disk image; `/var` grows to the real disk at first boot.",
            DEFAULTS.diskSize,
          ),
          esp: key(size(), "The EFI system partition: room for two kernel images.", DEFAULTS.espSize),
          rootSlot: key(
            size(),
            "One root slot; there are two, except at level `classic`.",
            DEFAULTS.rootSlotSize,
          ),
          veritySlot: key(size(), "One verity slot. Default: what the hash tree of a full root slot needs."),
        },
        "an object with size, esp, rootSlot and veritySlot",
      ),
      "Sizes of the disk and its partitions: `600MiB`, `2GiB`, `1G` (always powers of 1024) or a number of bytes; whole MiB.",
    ),
    bootTries: key(
      z
        .int({ error: "a whole number from 1 to 9" })
        .min(1, { error: "a whole number from 1 to 9" })
        .max(9, { error: "a whole number from 1 to 9" }),
      "How often a new version may fail to boot before the old one takes over: 1 to 9.",
      DEFAULTS.bootTries,
    ),
    health: key(health, "What a boot must come to before it is found good. On by default."),
    update: key(
      update,
      "What every machine of the image does about updates until its configuration says otherwise.",
    ),
    debug: key(
      debug,
      "Whether an administrator may open a debug session, which marks the machine as not pristine until it is re-imaged. Off by default.",
    ),
    configuration: key(
      configuration,
      "The machine configuration that a machine starts with until it is given another one: the document itself, or `file`, its path beside the definition that names it.",
    ),
    sourceDate: key(
      scalar(SOURCE_DATE_PATTERN, SOURCE_DATE_WANTED, parseSourceDate),
      "Every timestamp in the image: a date such as `2026-01-01`, a time with its zone, or seconds since 1970. A fixed date keeps builds reproducible.",
      DEFAULTS.sourceDate,
    ),
  },
  "an object that describes a system: { id, version, … }",
);

/** A layer whose bases are merged in; what the schema has let through. */
export type FlatLayer = z.output<typeof layerSchema>;

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
type Keys<T> = T extends readonly unknown[] | string | number
  ? "leaf"
  : { -readonly [Key in keyof T]-?: Keys<NonNullable<T[Key]>> };
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** What type-checks has the types that the schema takes, and neither knows a key that the other does not. */
type InputTypesFit =
  Omit<SystemLayer, "extends" | "checks"> extends DeepReadonly<z.input<typeof layerSchema>> ? true : false;
type Sections = Exclude<
  keyof SystemLayer,
  "extends" | "checks" | "files" | "level" | "health" | "configuration"
>;
type HealthKeys<Layer extends { health?: unknown }> = Keys<Omit<NonNullable<Layer["health"]>, "probes">>;
type SameHealthKeys = Same<HealthKeys<SystemLayer>, HealthKeys<z.input<typeof layerSchema>>>;
type SameKeys = Same<Keys<Pick<SystemLayer, Sections>>, Keys<Pick<z.input<typeof layerSchema>, Sections>>>;
export const INTERFACE_AND_SCHEMA_AGREE: [InputTypesFit, SameKeys, SameHealthKeys] = [true, true, true];
