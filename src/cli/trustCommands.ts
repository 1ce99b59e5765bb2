import { Argument, Option } from "@commander-js/extra-typings";
import { KEY_ROLE_NAMES } from "#trust/keySet.ts";
import { parseKeyCount, parseName, parseRoleCommand, parseRoleCount, parseRoleFile } from "./keyOptions.ts";
import { parseCommandWords } from "./parseCommandWords.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

const KEYS = "--keys <folder>";
const WHICH_KEYS = "the keys (default: ./keys, else the development keys)";
const OFFLINE = "--key-folder <folder>";
const WHERE_OFFLINE = "where private keys are now that are kept offline";

/** Keys. Each action loads its command only when it is called. */
export function addTrustCommands(program: RootCommand, run: RunCommand): void {
  program.commandsGroup("Trust:");
  const keys = program.command("keys").description("make, look at and change the keys of a project");
  addInit(keys, run);
  addList(keys, run);
  addRotate(keys, run);
  addRevoke(keys, run);
  addRenew(keys, run);
  addExport(keys, run);
}

type KeysCommand = ReturnType<RootCommand["command"]>;

function addInit(keys: KeysCommand, run: RunCommand): void {
  keys
    .command("init")
    .argument("[folder]", "a folder without keys", "keys")
    .description("make all keys of a project")
    .option("--name <name>", "in the certificates that firmware shows", parseName, "Socle")
    .addOption(
      new Option("--role <role=m/n>", "M of N keys must sign; repeatable; one key where it is not said")
        .argParser(parseRoleCount)
        .default([], "none"),
    )
    .option("--offline <folder>", "keep the private keys of root, PK and KEK there")
    .option("--passphrase", "encrypt private keys; asked for, or from SOCLE_KEY_PASSPHRASE_FILE")
    .addOption(
      new Option("--signer <role=command>", "a command that signs for this role; repeatable")
        .argParser(parseRoleCommand)
        .default([], "none"),
    )
    .addOption(
      new Option("--public-key <role=file>", "the public key of that signer; repeatable")
        .argParser(parseRoleFile)
        .default([], "none"),
    )
    .addOption(
      new Option("--certificate <role=file>", "or its certificate; repeatable")
        .argParser(parseRoleFile)
        .default([], "none"),
    )
    .addHelpText(
      "after",
      renderExamples([
        ["socle keys init", "one key per role, in keys/"],
        ["socle keys init --role root=2/3 --offline /media/usb --passphrase", "for production"],
        ["socle keys init --signer 'db=sign-with-token db' --certificate db=db.crt", "a key in a token"],
      ]),
    )
    .action((folder, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { keysInit } = await import("./commands/keysInit.ts");
        return keysInit({ folder }, options, context);
      }),
    );
}

function addList(keys: KeysCommand, run: RunCommand): void {
  keys
    .command("list")
    .description("whose keys there are, and where their private halves lie")
    .option(KEYS, WHICH_KEYS)
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle keys list", "roles, ids, states"]]))
    .action((options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { keysList } = await import("./commands/keysList.ts");
        return keysList(options, {}, context);
      }),
    );
}

function addRotate(keys: KeysCommand, run: RunCommand): void {
  keys
    .command("rotate")
    .addArgument(new Argument("<role>", "whose keys").choices(KEY_ROLE_NAMES))
    .description("give a role new keys; what the old ones signed stays good")
    .option(KEYS, WHICH_KEYS)
    .option(OFFLINE, WHERE_OFFLINE)
    .option("--threshold <m/n>", "make N keys of which M must sign (default: as before)", parseKeyCount)
    .option("--replace <id>", "this key only")
    .option("--passphrase", "encrypt the new private keys although the old ones are not")
    .addOption(
      new Option("--signer <command>", "a command that signs with the new key; repeatable")
        .argParser((text: string, previous: readonly (readonly string[])[]) => [
          ...previous,
          parseCommandWords(text),
        ])
        .default([] as readonly (readonly string[])[], "none"),
    )
    .addOption(
      new Option("--public-key <file>", "the public key of that signer; repeatable")
        .argParser(append)
        .default([] as readonly string[], "none"),
    )
    .addOption(
      new Option("--certificate <file>", "or its certificate; repeatable")
        .argParser(append)
        .default([] as readonly string[], "none"),
    )
    .addHelpText(
      "after",
      renderExamples([
        ["socle keys rotate timestamp", "a new key for what changes every day"],
        ["socle keys rotate root --key-folder /media/usb", "with the root keys that are kept offline"],
        ["socle keys rotate root --replace 3f1c09aa27de", "one lost key of several"],
      ]),
    )
    .action((role, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { keysRotate } = await import("./commands/keysRotate.ts");
        return keysRotate({ role }, options, context);
      }),
    );
}

function addRevoke(keys: KeysCommand, run: RunCommand): void {
  keys
    .command("revoke")
    .argument("<id>", "of socle keys list")
    .description("refuse what a key signed, for good")
    .option(KEYS, WHICH_KEYS)
    .option(OFFLINE, WHERE_OFFLINE)
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      renderExamples([["socle keys revoke 3f1c09aa27de", "after it was stolen, and rotated"]]),
    )
    .action((id, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { keysRevoke } = await import("./commands/keysRevoke.ts");
        return keysRevoke({ id }, options, context);
      }),
    );
}

function addRenew(keys: KeysCommand, run: RunCommand): void {
  keys
    .command("renew")
    .description("sign root metadata again, with the same keys, before they expire")
    .option(KEYS, WHICH_KEYS)
    .option(OFFLINE, WHERE_OFFLINE)
    .addHelpText("after", renderExamples([["socle keys renew --key-folder /media/usb", "once a year"]]))
    .action((options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { keysRenew } = await import("./commands/keysRenew.ts");
        return keysRenew(options, {}, context);
      }),
    );
}

function addExport(keys: KeysCommand, run: RunCommand): void {
  keys
    .command("export")
    .description("write certificates, EFI signature lists and root metadata for firmware and other tools")
    .option("--output <folder>", "where to", "key-export")
    .option(KEYS, WHICH_KEYS)
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle keys export --output /media/esp/keys", "for the firmware's setup"]]),
    )
    .action((options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { keysExport } = await import("./commands/keysExport.ts");
        return keysExport(options, {}, context);
      }),
    );
}

function append(text: string, previous: readonly string[]): readonly string[] {
  return [...previous, text];
}
