import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { KeyError } from "#trust/keyError.ts";
import { readText } from "./files.ts";
import { givenPassphrase, PASSPHRASE_VARIABLE } from "./hiddenPassphrase.ts";

/** Gives the passphrase of the private keys in a folder. */
export type ReadPassphrase = (folder: string) => Promise<string>;

const FILE_VARIABLE = "SOCLE_KEY_PASSPHRASE_FILE";

/** The environment for a command that has no business with the passphrase. */
export function withoutPassphrase(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { [PASSPHRASE_VARIABLE]: _passphrase, [FILE_VARIABLE]: _file, ...rest } = environment;
  return rest;
}

/** One answer per folder: the keys of a folder have the same passphrase, and nobody likes to type it five times. */
export function createPassphraseReader(read: ReadPassphrase = readPassphrase): ReadPassphrase {
  const answers = new Map<string, Promise<string>>();
  return (folder) => {
    const answer = answers.get(folder) ?? read(folder);
    answers.set(folder, answer);
    return answer;
  };
}

/** From the environment, from the file that it names, or from the person at the terminal. */
export async function readPassphrase(folder: string): Promise<string> {
  return (await readPreparedPassphrase()) ?? askHidden(`Passphrase of the keys in ${folder}: `, folder);
}

/** For keys that are being made: a typed one is asked for twice. */
export async function chooseNewPassphrase(folder: string): Promise<string> {
  const prepared = await readPreparedPassphrase();
  if (prepared !== undefined) return prepared;
  const first = await askHidden(`New passphrase for the keys in ${folder}: `, folder);
  const second = await askHidden("The same again: ", folder);
  if (first !== second)
    throw new KeyError("passphrase-wrong", "Cannot use that passphrase: the two are not the same");
  return notEmpty(first);
}

async function readPreparedPassphrase(): Promise<string | undefined> {
  const file = process.env[FILE_VARIABLE];
  if (file !== undefined && file !== "") return notEmpty((await readText(file)).replace(/\r?\n$/, ""));
  const given = givenPassphrase();
  return given === undefined ? undefined : notEmpty(given);
}

function notEmpty(passphrase: string): string {
  if (passphrase !== "") return passphrase;
  throw new KeyError("passphrase-needed", "Cannot use an empty passphrase");
}

/** Nothing that is typed is shown: the terminal does not echo, and what readline echoes goes nowhere. */
function askHidden(question: string, folder: string): Promise<string> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new KeyError("passphrase-needed", `Cannot open the keys in "${folder}": they have a passphrase`, {
      hint: `Set ${FILE_VARIABLE} to a file that holds it, or ${PASSPHRASE_VARIABLE} to itself`,
    });
  }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  return new Promise<string>((resolve, reject) => {
    const stop = () => reject(new KeyError("passphrase-needed", "No passphrase was given"));
    lines.once("line", resolve).once("SIGINT", stop).once("close", stop);
  }).finally(() => {
    lines.close();
    process.stderr.write("\n");
  });
}
