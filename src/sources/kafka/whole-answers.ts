/** Connections that tell each answer in one piece: read into the same memory again and again, and copied once, to where it stays. */
import { connect, type Socket } from 'node:net';

/** What one read may bring: sockets by themselves take 64 kB into memory that is new each time. */
const READ_BYTES = 1 << 18;
const SIZE_BYTES = 4;
/** What claims to be larger is told as it comes: it may be no answer of Kafka's at all. */
const MOST_BYTES = 1 << 28;

/** Memory of large answers that are done with, for those to come: new memory costs more than what is read into it. */
const idle: Buffer[] = [];
/** What is ours to be used again. */
const ours = new WeakSet<ArrayBufferLike>();
const LARGE_BYTES = 1 << 16;
const MOST_IDLE = 4;
/** Answers of about one size take each other's place. */
const ROUNDING = 1 << 20;

/** Gives back the memory of an answer, by any part of it: nothing may look at it any more. */
export function giveBack(part: Uint8Array): void {
  if (!ours.has(part.buffer) || idle.length >= MOST_IDLE) return;
  if (!idle.some((one) => one.buffer === part.buffer)) idle.push(Buffer.from(part.buffer));
}

function memoryFor(length: number): Buffer {
  if (length < LARGE_BYTES) return Buffer.allocUnsafe(length);
  const fitting = idle.findIndex((one) => one.length >= length);
  if (fitting >= 0) return idle.splice(fitting, 1)[0]!.subarray(0, length);
  const memory = Buffer.allocUnsafeSlow(Math.ceil(length / ROUNDING) * ROUNDING);
  ours.add(memory.buffer);
  return memory.subarray(0, length);
}

/** As net.connect does, but every `data` is one answer with its size before it. */
export function connectForAnswers(
  to: { readonly host: string; readonly port: number },
  onOpen: () => void,
): Socket {
  const answers = new Answers((answer) => socket.emit('data', answer));
  const onread = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (length: number, bytes: Uint8Array) => {
      answers.take(bytes.subarray(0, length));
      return true;
    },
  };
  const socket = connect({ ...to, onread }, onOpen);
  return socket;
}

/** Puts answers together from what is read of them. */
export class Answers {
  readonly #tell: (bytes: Buffer) => void;
  readonly #size = Buffer.alloc(SIZE_BYTES);
  #sizeBytes = 0;
  /** The answer being read, as far as it goes; undefined: its size is not known yet, or it is told as it comes. */
  #answer: Buffer | undefined;
  #filled = 0;
  /** How much is left of one that is told as it comes. */
  #passing = 0;

  /** @param tell given bytes that are nobody else's */
  constructor(tell: (bytes: Buffer) => void) {
    this.#tell = tell;
  }

  /** Takes what was read; it may be overwritten afterwards. */
  take(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(this.#step(rest));
  }

  /** @returns how many bytes it used */
  #step(bytes: Uint8Array): number {
    if (this.#passing > 0) return this.#pass(bytes.subarray(0, this.#passing));
    if (this.#answer === undefined) return this.#readSize(bytes);
    const part = bytes.subarray(0, this.#answer.length - this.#filled);
    this.#answer.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === this.#answer.length) this.#finish(this.#answer);
    return part.length;
  }

  #readSize(bytes: Uint8Array): number {
    const part = bytes.subarray(0, SIZE_BYTES - this.#sizeBytes);
    this.#size.set(part, this.#sizeBytes);
    this.#sizeBytes += part.length;
    if (this.#sizeBytes === SIZE_BYTES) this.#begin(this.#size.readUInt32BE(0));
    return part.length;
  }

  #begin(size: number): void {
    this.#sizeBytes = 0;
    if (size > MOST_BYTES) {
      this.#passing = size;
      this.#tell(Buffer.from(this.#size));
      return;
    }
    const answer = memoryFor(SIZE_BYTES + size);
    answer.set(this.#size);
    this.#filled = SIZE_BYTES;
    if (size === 0) this.#finish(answer);
    else this.#answer = answer;
  }

  #finish(answer: Buffer): void {
    this.#answer = undefined;
    this.#tell(answer);
  }

  #pass(bytes: Uint8Array): number {
    this.#passing -= bytes.length;
    this.#tell(Buffer.from(bytes));
    return bytes.length;
  }
}
