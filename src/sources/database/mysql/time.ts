/** Which types tell when a row happened. */
import type { Column } from '../table.ts';
import type { TimeTypes } from '../time.ts';
import { WHOLE_NUMBERS } from './key-types.ts';

/** The session's zone is UTC, and the server converts a timestamp to it. */
export const TIME_TYPES: TimeTypes = {
  instant: 'timestamp',
  wall: 'datetime',
  whole: WHOLE_NUMBERS,
  fractions: ['decimal', 'double'],
};

export function isWhole({ base }: Column): boolean {
  return TIME_TYPES.whole.includes(base);
}
