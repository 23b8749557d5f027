/** What every format of values is read through, so that keys, conditions and expectations need not know the format. */

import type { KeyValue } from '../../keys.ts';
import type { JsonKind, JsonPath } from '../json-path.ts';
import type { RecordView } from '../record.ts';

/** What the format of a value needs to know of the record around it. */
export type Surroundings = Pick<RecordView, 'headers'>;

/**
 * Reads what lies at several paths of one value after the other. Paths are named by their index in the list they were
 * declared in. The answers hold until the next read; where it answered false, nothing is at any path.
 */
export interface ValueReader {
  /**
   * To be awaited before a value is read whose schema was not met before; undefined: it can be read at once. Rejects with
   * AuditError where the schemas cannot be had at all.
   */
  learn(value: Uint8Array, around: Surroundings): Promise<void> | undefined;
  /** @returns whether the value is what it should be, all of it; `fault` tells why not. */
  read(value: Uint8Array, around: Surroundings): boolean;
  /** Why the last read answered false. */
  readonly fault: string;
  kind(path: number): JsonKind;
  /** The text of a scalar, or its bytes where it is none; undefined for anything else. */
  text(path: number): KeyValue | undefined;
  /** How many items a list has. */
  length(path: number): number;
  /** Where the value read last holds what is otherwise in headers named `ce_…` (CloudEvents); undefined: nowhere. */
  readonly attributes?: Attributes | undefined;
}

/** The attributes of an event that stand in its value. */
export interface Attributes {
  /** False: the value is broken, so that nothing can be said of them. */
  readonly readable: boolean;
  /** By the index of a declared attribute. */
  text(attribute: number): string | undefined;
}

/** Makes a reader of some paths. */
export type OpenReader = (paths: readonly JsonPath[]) => ValueReader;
