/** What is longer is cut: one line must not fill the memory. */
const MOST_LINE_BYTES = 1024 * 1024;

/** Lines without their ends. What is no UTF-8 is replaced. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  mostBytes = MOST_LINE_BYTES,
): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const add = (bytes: Buffer) => {
    const taken = bytes.subarray(0, mostBytes - pendingBytes);
    if (taken.length === 0) return;
    pending.push(taken);
    pendingBytes += taken.length;
  };
  const take = () => {
    const line = Buffer.concat(pending).toString("utf8");
    [pending, pendingBytes] = [[], 0];
    return line;
  };
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      add(bytes.subarray(at, end));
      yield take();
      at = end + 1;
    }
    add(bytes.subarray(at));
  }
  if (pendingBytes > 0) yield take();
}
