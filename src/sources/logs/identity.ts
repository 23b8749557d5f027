/** What tells effects apart whose records carry no id: the line itself, wherever rotation has put it. */
import { createHash } from 'node:crypto';

/** Equal lines further apart than this are not the same moment told twice. */
const REMEMBERED = 1 << 16;

/**
 * Two lines that read the same are two effects, so the second has a number, across the files of a rotated set. Line
 * numbers would not do: tonight's line 1 of `access.log.1` was last night's line 1 of `access.log`.
 */
export class LineIdentity {
  readonly #set: string;
  /** How often each was seen, of late and before that: taking single ones out of a map makes it slow. */
  #recent = new Map<string, number>();
  #before = new Map<string, number>();

  /** @param set the name of the rotated set: other hosts write the same line for another effect */
  constructor(set: string) {
    this.#set = set;
  }

  /** @param text one character for each byte */
  of(text: string): string {
    const digest = createHash('sha1').update(text, 'latin1').digest('hex').slice(0, 16);
    const times = (this.#recent.get(digest) ?? this.#before.get(digest) ?? 0) + 1;
    this.#recent.set(digest, times);
    if (this.#recent.size === REMEMBERED) {
      this.#before = this.#recent;
      this.#recent = new Map();
    }
    return times === 1 ? `${this.#set}:${digest}` : `${this.#set}:${digest}#${times}`;
  }
}
