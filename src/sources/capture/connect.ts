/**
 * One line of what a sink connector of Kafka Connect wrote: a value alone, of which the file's name says where it was, or an
 * envelope that says so itself.
 *
 *   topics/orders/partition=0/orders+0+0000000100.json   Confluent's sinks (S3, GCS, Azure, HDFS): the first offset is 100
 *   {"key":…,"value":…,"headers":{…},"metadata":{"topic":…,"partition":…,"offset":…,"timestamp":…}}
 *                                                        Lenses' (Stream Reactor) sinks with store.envelope
 */
import { basename } from 'node:path';
import type { FieldReference } from '../../model.ts';
import { JsonReader } from '../messages/json.ts';
import { JSON_KIND, type JsonPath } from '../messages/json-path.ts';
import { emptyRecord, messageTime, type RecordView } from '../messages/record.ts';
import { BadLine, type EntryReader } from './entry.ts';
import { type ConnectName, connectName, type FormedFile } from './format.ts';
import type { FileRuns } from './survey.ts';

const METADATA = ['topic', 'partition', 'offset', 'timestamp'] as const;
const PATHS: readonly JsonPath[] = [
  [],
  ...METADATA.map((name) => ['metadata', name]),
  ['key'],
  ['value'],
  ['headers'],
];
const AT = {
  value: 0,
  topic: 1,
  partition: 2,
  offset: 3,
  timestamp: 4,
  envelopeKey: 5,
  envelopeValue: 6,
  headers: 7,
};
const TIME = PATHS.length;
const TIME_IN_ENVELOPE = TIME + 1;

const NO_HEADERS = Buffer.alloc(0);
/** ISO 8601 with its zone: a time without one is no moment. */
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;

/**
 * Reads one file. Offsets are counted from the name on, line by line: connectors leave nothing out, but what is no message
 * (transaction markers, what compaction removed) takes an offset and no line, so that a later line's may be higher.
 */
export class ConnectEntry implements EntryReader {
  readonly without = undefined;
  readonly #name: ConnectName | undefined;
  readonly #file: string;
  readonly #json: JsonReader;
  readonly #hasTime: boolean;
  #next: number;
  #line: Buffer = NO_HEADERS;
  #isEnvelope = false;

  topic = '';
  readonly record = emptyRecord();

  /** @param timestamp where in the value its time is; undefined: nowhere */
  constructor(file: FormedFile, timestamp: FieldReference | undefined) {
    this.#file = file.path;
    this.#name = connectName(file.path);
    this.#next = this.#name?.first ?? 0;
    const path = timestamp?.root === 'value' ? timestamp.path : undefined;
    this.#hasTime = path !== undefined;
    const times = path === undefined ? [] : [path, ['value', ...path]];
    this.#json = new JsonReader([...PATHS, ...times]);
  }

  readPlace(line: Buffer): void {
    if (!this.#json.read(line)) throw new BadLine(`the line is ${this.#json.fault}`);
    this.#line = line;
    this.#isEnvelope = this.#json.kind(AT.offset) === JSON_KIND.number;
    if (this.#isEnvelope) this.#placeByMetadata();
    else this.#placeByName();
    if (this.#hasTime) this.record.timestamp = this.#time(this.#isEnvelope ? TIME_IN_ENVELOPE : TIME);
  }

  readContent(): void {
    this.record.key = this.#isEnvelope ? this.#bytes(AT.envelopeKey) : null;
    this.record.value = this.#bytes(this.#isEnvelope ? AT.envelopeValue : AT.value);
    this.record.headers = this.#isEnvelope ? this.#headers() : [];
  }

  get writtenHeaders(): Buffer {
    return this.#isEnvelope ? this.#json.written(AT.headers) : NO_HEADERS;
  }

  #placeByMetadata(): void {
    this.topic = this.#json.text(AT.topic) ?? '';
    this.record.partition = this.#wholeNumber(AT.partition);
    this.record.offset = this.#wholeNumber(AT.offset);
    this.record.timestamp = this.#time(AT.timestamp);
  }

  #placeByName(): void {
    if (this.#name === undefined) {
      throw new BadLine(
        `neither the line nor the name ${basename(this.#file)} says which offset it is: a sink connector names its files topic+partition+offset.json`,
      );
    }
    this.topic = this.#name.topic;
    this.record.partition = this.#name.partition;
    this.record.offset = this.#next++;
    this.record.timestamp = -1;
  }

  #wholeNumber(path: number): number {
    const number = Number(this.#json.text(path));
    if (!Number.isSafeInteger(number) || number < 0)
      throw new BadLine('its metadata name no partition and offset');
    return number;
  }

  /** Epoch milliseconds; negative: there is no time that can be read. */
  #time(path: number): number {
    const text = this.#json.text(path) ?? '';
    if (/^\d{1,19}$/.test(text)) return messageTime(Number(text));
    return MOMENT.test(text) ? Date.parse(text) : -1;
  }

  /** A text was a text (StringConverter), and anything else is JSON. */
  #bytes(path: number): Buffer | null {
    const kind = this.#json.kind(path);
    if (kind <= JSON_KIND.null) return null;
    if (kind === JSON_KIND.string) return Buffer.from(this.#json.text(path)!);
    return path === AT.value ? this.#line : this.#json.written(path);
  }

  #headers(): RecordView['headers'] {
    if (this.#json.kind(AT.headers) !== JSON_KIND.object) return [];
    const headers = JSON.parse(this.#json.written(AT.headers).toString('utf8')) as Record<string, unknown>;
    return Object.entries(headers).map(([name, value]) => {
      if (value === null) return [name, null] as const;
      return [name, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))] as const;
    });
  }
}

/**
 * What is to be said of offsets that were counted: one is proven where the next file of its partition begins right behind
 * the lines of its own.
 */
export function offsetsNotes(runs: readonly FileRuns[]): string[] {
  const counted = runs.flatMap(({ file, runs: held }) => {
    const name = file.format === 'kcat' || file.format === 'onceover' ? undefined : connectName(file.path);
    const run = name === undefined ? undefined : held.get(name.partition);
    return name === undefined || run === undefined || run.first !== name.first
      ? []
      : [{ ...name, last: run.last }];
  });
  if (counted.length === 0) return [];
  const begins = new Set(counted.map(({ partition, first }) => `${partition} ${first}`));
  const proven = counted.filter(({ partition, last }) => begins.has(`${partition} ${last + 1}`)).length;
  return [
    `offsets are counted from the names of the files, line by line; the next file confirms the count in ${proven} of ${counted.length} files, in the others an offset may be higher than it is told`,
  ];
}
