import type { Socket } from "node:net";

/**
 * Between the agent and a session: each message behind its length, four bytes, the highest first. First a DebugSession that
 * says who it is, then the messages of debug.proto as the caller sends them; back come those of the answer. A `data` without
 * a byte is the end of what is typed; the end of the connection is that of the caller.
 */
export interface FrameChannel {
  readonly frames: AsyncGenerator<Uint8Array>;
  /** Resolves when the kernel has it, so that whoever waits for it goes no faster than the other side. */
  send(content: Uint8Array): Promise<void>;
  /** At once, both ways. */
  close(): void;
}

/** As large as a message of the agent may be, which neither side trusts the other to keep to. */
const MOST_BYTES = 1024 * 1024;
const HEADER_BYTES = 4;

export function openFrameChannel(socket: Socket): FrameChannel {
  socket.on("error", () => {}); // both ways tell of it where they are waited for
  return {
    frames: decodeFrames(socket),
    send: (content) =>
      new Promise((resolve, reject) => {
        const onClose = () => reject(new Error("the other side has gone"));
        if (socket.destroyed) return onClose();
        socket.once("close", onClose);
        socket.write(encodeFrame(content), (error) => {
          socket.off("close", onClose);
          if (error) reject(error);
          else resolve();
        });
      }),
    close: () => socket.destroy(),
  };
}

export function encodeFrame(content: Uint8Array): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(content.length);
  return Buffer.concat([header, content]);
}

/** @throws where one is larger than any may be, or the stream ends within one */
export async function* decodeFrames(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const bytes of stream) {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= HEADER_BYTES) {
      const size = rest.readUInt32BE();
      if (size > MOST_BYTES) throw new RangeError(`a message of ${size} bytes is larger than any may be`);
      if (rest.length < HEADER_BYTES + size) break;
      yield rest.subarray(HEADER_BYTES, HEADER_BYTES + size);
      rest = rest.subarray(HEADER_BYTES + size);
    }
  }
  if (rest.length > 0) throw new RangeError("the other side has gone within a message");
}
