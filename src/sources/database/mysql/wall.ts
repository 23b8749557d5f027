/** The times that the server writes, `2026-11-22 10:00:00.123456`, read without making texts of them. */
import { wallOf } from '../../logs/stamps.ts';

const ZERO = 0x30;
const SECOND = 1e6;
/** `2026-11-22 10:00:00`, and with the point before the fraction. */
const WHOLE_LENGTH = 19;
const POINTED_LENGTH = 20;
const FRACTION_DIGITS = 6;
/** What is older is no date for the server either. (https://dev.mysql.com/doc/refman/8.4/en/datetime.html) */
const FIRST_YEAR = 1000;

export class WallReader {
  /** The day read last, as digits, and where it begins: most rows of a span share it. */
  #day = -1;
  #midnight: number | undefined;

  /** Microseconds since 1970-01-01T00:00 on the wall that shows the time; undefined: there is no such day. */
  read(bytes: Uint8Array): number | undefined {
    if (bytes.length < WHOLE_LENGTH) return undefined;
    const midnight = this.#midnightOf(digits(bytes, 0, 4), digits(bytes, 5, 7), digits(bytes, 8, 10));
    if (midnight === undefined) return undefined;
    const seconds = (digits(bytes, 11, 13) * 60 + digits(bytes, 14, 16)) * 60 + digits(bytes, 17, 19);
    const decimals = Math.max(0, bytes.length - POINTED_LENGTH);
    const fraction = digits(bytes, POINTED_LENGTH, bytes.length) * 10 ** (FRACTION_DIGITS - decimals);
    return midnight + seconds * SECOND + fraction;
  }

  #midnightOf(year: number, month: number, dayOfMonth: number): number | undefined {
    const day = (year * 100 + month) * 100 + dayOfMonth;
    if (day !== this.#day) {
      this.#day = day;
      this.#midnight = year < FIRST_YEAR ? undefined : wallOf(year, month - 1, dayOfMonth, 0);
    }
    return this.#midnight;
  }
}

function digits(bytes: Uint8Array, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i++) number = number * 10 + bytes[i]! - ZERO;
  return number;
}
