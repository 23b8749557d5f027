/**
 * The form of the files that `onceover capture` writes: lines that whatever reads `kcat -J` can read, and around them what
 * an audit must know to say the same as one of the topic itself.
 *
 *   first line   {"onceover":"capture","version":1,"range":…,"reach":…}: the range as it was fixed, and what was never read
 *   a message    as kcat writes it. Where key, payload or a header is not UTF-8: "key64", "payload64", "headers64" (base64)
 *                in its place. "aborted":true: of an aborted transaction; "open":true: of one that was open
 *   no message   {"topic":…,"partition":0,"offset":7,"end":9,"class":"control"}: also absent (compacted away), deleted
 *   last line    {"onceover":"end","messages":…,"lines":…,"sha256":…}: of all lines before it
 *
 * Within a partition offsets ascend, and no offset from readFirst to readEnd is left out.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Replay, TopicRange } from '../../model.ts';
import type { RecordView } from '../messages/record.ts';
import { BadLine, type WithoutMessage } from './entry.ts';

const VERSION = 1;

export interface WrittenHeader {
  readonly range: TopicRange;
  readonly reach: Pick<Replay, 'readTo' | 'unread' | 'holes'>;
}

export interface WrittenEnd {
  readonly messages: number;
  /** Lines before the last, the first included. */
  readonly lines: number;
  /** Hex digits: of the bytes before the last line. */
  readonly sha256: string;
}

export function headerLine({ range, reach }: WrittenHeader): string {
  return `${JSON.stringify({ onceover: 'capture', version: VERSION, range, reach })}\n`;
}

export function endLine(end: WrittenEnd): string {
  return `${JSON.stringify({ onceover: 'end', ...end })}\n`;
}

/** @param topic its name as JSON */
export function withoutLine(topic: string, partition: number, first: number, span: WithoutMessage): string {
  return `{"topic":${topic},"partition":${partition},"offset":${first},"end":${span.end},"class":"${span.class}"}\n`;
}

/** @param topic its name as JSON */
export function messageLine(topic: string, record: RecordView): string {
  const { partition, offset, timestamp, key, value, aborted, ofOpenTransaction } = record;
  const time = timestamp < 0 ? '' : `,"ts":${timestamp}`;
  return `{"topic":${topic},"partition":${partition},"offset":${offset}${time}${headersText(record.headers)}${member(
    'key',
    key,
  )}${member('payload', value)}${aborted ? ',"aborted":true' : ''}${ofOpenTransaction ? ',"open":true' : ''}}\n`;
}

function member(name: string, bytes: Uint8Array | null): string {
  if (bytes === null) return `,"${name}":null`;
  return isUtf8(bytes) ? `,"${name}":${JSON.stringify(textOf(bytes))}` : `,"${name}64":"${base64Of(bytes)}"`;
}

function headersText(headers: RecordView['headers']): string {
  if (headers.length === 0) return '';
  if (headers.every(([, value]) => value === null || isUtf8(value))) {
    const flat = headers.flatMap(([name, value]) => [name, value === null ? null : textOf(value)]);
    return `,"headers":${JSON.stringify(flat)}`;
  }
  const flat = headers.flatMap(([name, value]) => [
    base64Of(Buffer.from(name)),
    value === null ? null : base64Of(value),
  ]);
  return `,"headers64":${JSON.stringify(flat)}`;
}

function textOf(bytes: Uint8Array): string {
  return viewOf(bytes).toString('utf8');
}

function base64Of(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64');
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Undefined: the line is not the first of such a file. @throws BadLine where only a newer onceover can read it */
export function readHeader(line: Buffer): WrittenHeader | undefined {
  const read = parsed(line);
  if (read?.onceover !== 'capture') return undefined;
  if (read.version !== VERSION) {
    throw new BadLine(`version ${String(read.version)} of the form, which a newer onceover can read`);
  }
  const { range, reach } = read as unknown as WrittenHeader;
  if (!Array.isArray(range?.partitions) || !Array.isArray(reach?.holes)) {
    throw new BadLine('the first line of `onceover capture` was edited');
  }
  return { range, reach };
}

function readEnd(line: Buffer): WrittenEnd | undefined {
  const read = parsed(line);
  return read?.onceover === 'end' ? (read as unknown as WrittenEnd) : undefined;
}

function parsed(line: Buffer): Record<string, unknown> | undefined {
  if (!line.includes('"onceover"')) return undefined;
  try {
    const read: unknown = JSON.parse(line.toString('utf8'));
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Holds the lines of such a file, one after the other, against what its last line says of them. */
export class WrittenProof {
  readonly #sha256 = createHash('sha256');
  #lines = 0;
  #ended = false;

  /** @param line without its newline. @returns whether it may be a message. @throws BadLine where the file is not whole */
  isEntry(line: Buffer): boolean {
    if (this.#ended) throw new BadLine('something follows the last line of the capture');
    const end = this.#lines === 0 ? undefined : readEnd(line);
    if (end !== undefined) return this.#endWith(end);
    this.#sha256.update(line).update('\n');
    return ++this.#lines > 1;
  }

  /** To be called behind the last line. @throws BadLine */
  close(): void {
    if (!this.#ended) throw new BadLine('the capture breaks off: its last line is missing');
  }

  #endWith(end: WrittenEnd): false {
    if (end.lines !== this.#lines || end.sha256 !== this.#sha256.digest('hex')) {
      throw new BadLine('the capture was changed: its lines are not what its last line says of them');
    }
    this.#ended = true;
    return false;
  }
}
