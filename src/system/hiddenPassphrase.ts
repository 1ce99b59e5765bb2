/** Here alone, without imports: the command line takes it away before it loads anything else. */
export const PASSPHRASE_VARIABLE = "SOCLE_KEY_PASSPHRASE";

let hidden: string | undefined;

/** Takes the passphrase out of the environment, so that no tool that is started from here inherits it. */
export function hidePassphrase(environment: NodeJS.ProcessEnv = process.env): void {
  hidden = environment[PASSPHRASE_VARIABLE] ?? hidden;
  delete environment[PASSPHRASE_VARIABLE];
}

/** The one that was hidden, or that is in the environment still. */
export function givenPassphrase(): string | undefined {
  return process.env[PASSPHRASE_VARIABLE] ?? hidden;
}
