/** Which form the files of a capture have, told by what is in them. */
import { basename } from 'node:path';
import { AuditError } from '../../error.ts';
import type { CaptureFormat } from '../../model.ts';
import { readBytes, type SourceFile } from '../bytes.ts';
import { JsonReader } from '../messages/json.ts';
import { JSON_KIND } from '../messages/json-path.ts';
import { readHeader, type WrittenHeader } from './written.ts';

/** A capture's file, and what it was taken for. */
export interface FormedFile extends SourceFile {
  readonly format: CaptureFormat;
  /** Whether the settings say so, whatever its content is. */
  readonly isWanted: boolean;
  /** Of a file that `onceover capture` wrote. */
  readonly header?: WrittenHeader;
}

/** How the forms are called where people read it. */
export const FORM_NAMES: Readonly<Record<CaptureFormat, string>> = {
  kcat: 'kcat -J',
  'connect-json': 'Kafka Connect JSON',
  avro: 'Avro',
  onceover: 'onceover capture',
};

const NEWLINE = 0x0a;
const SPACE = 0x20;
/** A first line has thousands of partitions at most. */
const START = 1 << 24;
/** https://avro.apache.org/docs/1.12.0/specification/#object-container-files */
const AVRO_MAGIC = Buffer.from('Obj\x01', 'latin1');

/** Of the names that sink connectors give: topic+partition+first offset. */
export interface ConnectName {
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
}

/** As Confluent's sinks name their objects (FileUtils.fileNameToCommit); undefined: another name. */
export function connectName(path: string): ConnectName | undefined {
  const [, topic, partition, first] =
    /^(.+)\+(\d{1,9})\+(\d{1,16})\.(?:json|jsonl|avro)(?:\.\w+)?$/.exec(basename(path)) ?? [];
  return topic === undefined ? undefined : { topic, partition: Number(partition), first: Number(first) };
}

/**
 * @param wanted what the settings say; undefined: to be told by the content
 * @throws AuditError (4) where only a newer onceover can read it
 */
export async function formed(
  file: SourceFile,
  wanted: CaptureFormat | undefined,
  signal: AbortSignal,
): Promise<FormedFile> {
  const start = await startOf(file, signal);
  const format = wanted ?? formatOf(file.path, start);
  const isWanted = wanted !== undefined;
  if (format !== 'onceover') return { ...file, format, isWanted };
  try {
    const header = readHeader(firstLine(start));
    return { ...file, format, isWanted, ...(header === undefined ? {} : { header }) };
  } catch (cause) {
    throw new AuditError(4, `${file.path}:1: ${(cause as Error).message}`, { cause });
  }
}

/** The first line that is not blank. */
function firstLine(start: Buffer): Buffer {
  const begin = start.findIndex((byte) => byte > SPACE);
  if (begin < 0) return start.subarray(start.length);
  const end = start.indexOf(NEWLINE, begin);
  return end < 0 ? start.subarray(begin) : start.subarray(begin, end);
}

/** Whether a line holds nothing but white space, as what other systems end lines with leaves one. */
export function isBlank(line: Uint8Array): boolean {
  return line.length === 0 || (line[0]! <= SPACE && line.every((byte) => byte <= SPACE));
}

function formatOf(path: string, start: Buffer): CaptureFormat {
  if (isAvro(start)) return 'avro';
  const line = firstLine(start);
  if (line.subarray(0, 40).includes('"onceover":"capture"')) return 'onceover';
  const places = new JsonReader([['topic'], ['partition'], ['metadata', 'offset']], { anyBytes: true });
  const whole = places.read(line);
  if (whole && places.kind(2) === JSON_KIND.number) return 'connect-json';
  const isKcat = whole && places.kind(0) === JSON_KIND.string && places.kind(1) === JSON_KIND.number;
  return !isKcat && connectName(path) !== undefined ? 'connect-json' : 'kcat';
}

function isAvro(start: Buffer): boolean {
  return start.subarray(0, AVRO_MAGIC.length).equals(AVRO_MAGIC);
}

async function startOf(file: SourceFile, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of readBytes(file, { signal })) {
      pieces.push(piece);
      length += piece.length;
      if (length >= START || isAvro(pieces[0]!) || (piece.includes(NEWLINE) && !isBlank(piece))) break;
    }
  } catch {
    signal.throwIfAborted();
    // Whatever is wrong with it, the reading itself will say where.
  }
  return Buffer.concat(pieces);
}
