import { type MessageHead, verifyMessage } from './verify.ts';

/** A message of an Arrow stream, with what follows it. */
export interface Message extends MessageHead {
  readonly bytes: Buffer;
}

/** What files begin and end with. A packed one is read as the stream that follows it and two bytes more. */
export const magic = Buffer.from('ARROW1');

/**
 * The messages of an Arrow stream, each checked before it is handed on.
 * @throws Error when there is none, or one is broken or cut off
 */
export async function* messagesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Message> {
  const bytes = new Pieces(pieces);
  let isFirst = true;
  if ((await bytes.peek(magic.length))?.equals(magic)) await bytes.take(8);
  for (;;) {
    const start = await bytes.peek(8);
    if (start === undefined || start.readInt32LE(0) === 0) {
      if (isFirst) throw new Error(start === undefined ? 'nothing, or too little' : 'no message');
      return;
    }
    // Streams older than version 0.15 lack the mark before a message's length.
    const hasMark = start.readInt32LE(0) === -1;
    const length = start.readInt32LE(hasMark ? 4 : 0);
    if (length === 0) return;
    const prefix = hasMark ? 8 : 4;
    if (length < 0) throw new Error('a message that is none');
    const whole = await bytes.peek(prefix + length);
    if (whole === undefined) throw new Error('a message that is cut off');
    const head = verifyMessage(whole.subarray(prefix));
    const message = await bytes.take(prefix + length + head.bodyBytes);
    if (message === undefined) throw new Error('a batch that is cut off');
    if (isFirst !== (head.kind === 'schema'))
      throw new Error(isFirst ? 'a stream without its columns' : 'columns twice');
    isFirst = false;
    yield { ...head, bytes: message };
  }
}

/** Bytes that come in pieces, taken in other ones. */
class Pieces {
  private readonly pieces: AsyncIterator<Buffer>;
  private held: Buffer[] = [];
  private heldBytes = 0;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next `size` bytes, which stay; undefined when there are fewer. */
  async peek(size: number): Promise<Buffer | undefined> {
    while (this.heldBytes < size) {
      const { done, value } = await this.pieces.next();
      if (done) return undefined;
      this.held.push(value);
      this.heldBytes += value.length;
    }
    if ((this.held[0]?.length ?? 0) < size) this.held = [Buffer.concat(this.held, this.heldBytes)];
    return this.held[0]?.subarray(0, size) ?? Buffer.alloc(0);
  }

  /** The next `size` bytes, as `peek`, and takes them away. */
  async take(size: number): Promise<Buffer | undefined> {
    const bytes = await this.peek(size);
    if (bytes === undefined) return undefined;
    const [first = bytes, ...others] = this.held;
    this.held = first.length === size ? others : [first.subarray(size), ...others];
    this.heldBytes -= size;
    return bytes;
  }
}
