const PASSWORD_IN_URL = /(\/\/[^\s/:@]*):[^\s/@]*@/g;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** A text fit to be shown: without passwords in addresses and without private keys. */
export function hideSecrets(text: string): string {
  return text.replace(PASSWORD_IN_URL, "$1:…@").replace(PRIVATE_KEY, "(a private key)");
}
