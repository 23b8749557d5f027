/** What makes the values of two copies equal where no id does: a keyed digest that nobody outside the audit can aim at. */
import { hash } from 'node:crypto';

/** 128 bits. */
const HEX_DIGITS = 32;

/** Digests of values under the key of one audit. */
export class ValueDigest {
  readonly #keyLength: number;
  /** The key, one byte that tells no value from a value of no bytes, and the value: SHA-256 takes them in one call. */
  #message: Buffer;

  constructor(key: Uint8Array) {
    this.#keyLength = key.length;
    this.#message = Buffer.alloc(1 << 12);
    this.#message.set(key);
  }

  of(value: Uint8Array | null): string {
    const start = this.#keyLength + 1;
    const end = start + (value?.length ?? 0);
    if (end > this.#message.length) this.#message = Buffer.concat([this.#message], end * 2);
    this.#message[this.#keyLength] = value === null ? 0 : 1;
    if (value !== null) this.#message.set(value, start);
    return hash('sha256', this.#message.subarray(0, end), 'hex').slice(0, HEX_DIGITS);
  }
}
