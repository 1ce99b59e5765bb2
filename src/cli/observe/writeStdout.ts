/** Bytes as they are, no faster than they are taken. */
export async function writeStdout(bytes: Uint8Array): Promise<void> {
  if (process.stdout.write(bytes)) return;
  await new Promise((resolve) => process.stdout.once("drain", resolve));
}
