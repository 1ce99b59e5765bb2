import { InvalidArgumentError, Option } from "@commander-js/extra-typings";

import { ROLES } from "#protocol/methodRoles.ts";

import { parseName } from "./keyOptions.ts";
import { parseDurationOption } from "./optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

const ACCESS = ["--access <folder>", "the authority (default: ~/.config/socle/access)"] as const;
const FOR = ["--for <duration>", "how long: 8h, 30d; at most 365d"] as const;

/** Who may call machines. Each action loads its command only when it is called. */
export function addAccessCommands(program: RootCommand, run: RunCommand): void {
  const access = program
    .command("access")
    .description("who may call machines: certificates with a role and an end");
  addAuthorityCommands(access, run);
  addPeopleCommands(access, run);
  addLooks(access, run);
}

type AccessCommand = ReturnType<RootCommand["command"]>;

function addAuthorityCommands(access: AccessCommand, run: RunCommand): void {
  access
    .command("init")
    .description("make the authority that signs people; its key stays with you")
    .option(...ACCESS)
    .option("--name <name>", "in its certificate", parseName, "Socle access")
    .addHelpText(
      "after",
      renderExamples([["socle access init", "once; then grant, and show for the machines"]]),
    )
    .action((options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { accessInit } = await import("./commands/accessAuthority.ts");
        return accessInit(options, context);
      }),
    );

  access
    .command("rotate")
    .description("make a new authority; the one before is trusted too until --finish")
    .option(...ACCESS)
    .option("--finish", "take the one before away: what it signed is refused from then on")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      renderExamples([
        ["socle access rotate", "then: show for the machines, renew for the people"],
        ["socle access rotate --finish", "when all of them have theirs"],
      ]),
    )
    .action((options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { accessRotate } = await import("./commands/accessAuthority.ts");
        return accessRotate(options, context);
      }),
    );
}

function addPeopleCommands(access: AccessCommand, run: RunCommand): void {
  access
    .command("grant")
    .argument("<name>", "of a person or a program; it stands in every record", parsePersonName)
    .description("give somebody access: a file with a certificate and its key, for them alone")
    .option(...ACCESS)
    .addOption(
      new Option("--role <role>", "reader looks, operator keeps it going, admin may do all")
        .choices(ROLES)
        .makeOptionMandatory(),
    )
    .option(...FOR, parseDurationOption, parseDurationOption("30d"))
    .option("--out <file>", "the file (default: NAME.access.json here)")
    .option("--context <name>", "a machine of your contexts to put in; repeatable", append, [])
    .addHelpText(
      "after",
      renderExamples([
        ["socle access grant alice --role reader --for 30d", "writes alice.access.json"],
        ["socle access grant ci --role operator --for 8h --context edge-01", "with how to reach edge-01"],
      ]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { accessGrant } = await import("./commands/accessGrant.ts");
        return accessGrant({ name }, options, context);
      }),
    );

  access
    .command("renew")
    .argument("<name>", "who has access, or had until it ended")
    .description("another certificate with the same role and a new key")
    .option(...ACCESS)
    .option(...FOR, parseDurationOption, parseDurationOption("30d"))
    .option("--out <file>", "the file (default: NAME.access.json here)")
    .option("--context <name>", "a machine of your contexts to put in; repeatable", append, [])
    .addHelpText("after", renderExamples([["socle access renew alice", "before it ends, or after"]]))
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { accessRenew } = await import("./commands/accessGrant.ts");
        return accessRenew({ name }, options, context);
      }),
    );

  access
    .command("revoke")
    .argument("<who>", "a name, for all its certificates; or a serial number of socle access list")
    .description("refuse a certificate before its end")
    .option(...ACCESS)
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      renderExamples([["socle access revoke alice", "then bring the list to the machines"]]),
    )
    .action((who, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { accessRevoke } = await import("./commands/accessGrant.ts");
        return accessRevoke({ who }, options, context);
      }),
    );
}

function addLooks(access: AccessCommand, run: RunCommand): void {
  access
    .command("list")
    .description("who has access, as what, until when")
    .option(...ACCESS)
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle access list", "revoked and ended ones too"]]))
    .action((options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { accessList } = await import("./commands/accessList.ts");
        return accessList(options, context);
      }),
    );

  access
    .command("show")
    .description("what goes into the configuration of machines: authorities, and who is revoked")
    .option(...ACCESS)
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle access show", "the part of a machine configuration, as YAML"],
        ["socle access show -o json", "with ids and states of the authorities"],
      ]),
    )
    .action((options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { accessShow } = await import("./commands/accessList.ts");
        return accessShow(options, context);
      }),
    );
}

/** It goes into a certificate and into the name of a file. */
function parsePersonName(text: string): string {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._@+-]{0,63}$/u.test(text))
    throw new InvalidArgumentError("write 1 to 64 letters, digits, blanks, dots, dashes, + or @");
  return text;
}

function append(text: string, previous: readonly string[]): readonly string[] {
  return [...previous, text];
}
