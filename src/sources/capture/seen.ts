/** The messages of a partition whose offsets do not ascend: each once, and in order at the end. */
import { createHash } from 'node:crypto';
import type { RecordView } from '../messages/record.ts';

const DIGEST_BYTES = 8;
const FREE = -1;

/**
 * A table of fixed size, 25 bytes a slot, so that captures that overlap or lie in no order cost no object a message.
 * What a message says is kept as 64 bits of a keyed digest.
 */
export class SeenMessages<Class extends string> {
  readonly #slots: number;
  readonly #offsets: Float64Array;
  readonly #timestamps: Float64Array;
  readonly #digests: Buffer;
  readonly #classes: Uint8Array;
  readonly #classNames: Class[] = [];
  readonly #key: Uint8Array;
  readonly #capacity: number;
  #size = 0;

  /** @param capacity how many different messages there may be at most */
  constructor(capacity: number, key: Uint8Array) {
    this.#capacity = capacity;
    this.#slots = 2 ** Math.ceil(Math.log2(capacity + 1) + 0.5);
    this.#offsets = new Float64Array(this.#slots).fill(FREE);
    this.#timestamps = new Float64Array(this.#slots);
    this.#digests = Buffer.alloc(this.#slots * DIGEST_BYTES);
    this.#classes = new Uint8Array(this.#slots);
    this.#key = key;
  }

  /**
   * @param headers as the capture writes them
   * @returns whether the offset is new, and if not, whether it said the same before; `full`: more than there may be
   */
  meet(record: RecordView, headers: Uint8Array): 'new' | 'same' | 'different' | 'full' {
    const slot = this.#slotOf(record.offset);
    const digest = this.#digestOf(record, headers);
    const at = slot * DIGEST_BYTES;
    if (this.#offsets[slot] !== FREE) {
      return digest.compare(this.#digests, at, at + DIGEST_BYTES) === 0 ? 'same' : 'different';
    }
    if (this.#size === this.#capacity)
      throw new Error(`more than ${this.#capacity} messages in one partition`);
    this.#size++;
    this.#offsets[slot] = record.offset;
    this.#timestamps[slot] = record.timestamp;
    digest.copy(this.#digests, at);
    return 'new';
  }

  /** Keeps the class of a message that was met as new. */
  classify(offset: number, as: Class): void {
    if (!this.#classNames.includes(as)) this.#classNames.push(as);
    this.#classes[this.#slotOf(offset)] = this.#classNames.indexOf(as);
  }

  /** Tells every message, by ascending offset. */
  inOrder(tell: (as: Class, offset: number, timestamp: number) => void): void {
    for (const offset of this.#offsets.filter((taken) => taken !== FREE).sort()) {
      const slot = this.#slotOf(offset);
      tell(this.#classNames[this.#classes[slot]!]!, offset, this.#timestamps[slot]!);
    }
  }

  /** Where the offset is, or the free slot where it belongs. */
  #slotOf(offset: number): number {
    // Neighbours stay apart by the odd multiplier (Knuth's), also when only every n-th offset is there.
    let slot = Math.imul(offset % 2 ** 32, 0x9e3779b1) >>> (32 - Math.log2(this.#slots));
    while (this.#offsets[slot] !== offset && this.#offsets[slot] !== FREE)
      slot = (slot + 1) & (this.#slots - 1);
    return slot;
  }

  #digestOf({ timestamp, key, value }: RecordView, headers: Uint8Array): Buffer {
    const lengths = `${timestamp} ${key?.length} ${value?.length} ${headers.length}`;
    const hash = createHash('sha256').update(this.#key).update(lengths);
    for (const part of [key, value, headers]) if (part !== null) hash.update(part);
    return hash.digest().subarray(0, DIGEST_BYTES);
  }
}
