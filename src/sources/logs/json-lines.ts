/** Logs of one JSON object a line, as structured logging writes them. */
import type { LogSettings } from '../../model.ts';
import { type Reading, readBytes, type SourceFile } from '../bytes.ts';
import { JsonReader } from '../messages/json.ts';
import { JSON_KIND } from '../messages/json-path.ts';
import type { Asked, Cell, LogFormat, LogRecord } from './asked.ts';
import { splitLines, unmarked } from './lines.ts';

export function jsonFormat(asked: Asked, { paths = new Map() }: LogSettings): LogFormat {
  // The whole comes first: a line that is JSON, but no object, says nothing under any name.
  const reader = new JsonReader([[], ...asked.names.map(({ name }) => paths.get(name) ?? [name])]);
  const places = asked.names.map((_, i) => i + 1);
  return {
    inOrder: true,
    records: (file, reading) => recordsOf(file, reading, reader, places),
  };
}

async function* recordsOf(
  file: SourceFile,
  reading: Reading,
  reader: JsonReader,
  places: readonly number[],
): AsyncGenerator<readonly LogRecord[]> {
  for await (const { first, texts } of splitLines(readBytes(file, reading))) {
    const records: LogRecord[] = [];
    for (const [i, written] of texts.entries()) {
      if (written === '') continue;
      const line = first + i;
      const text = line === 1 && written !== undefined ? unmarked(written) : written;
      records.push({ line, text: text ?? '(longer than any record)', cells: cellsOf(text, reader, places) });
    }
    yield records;
  }
}

function cellsOf(
  text: string | undefined,
  reader: JsonReader,
  places: readonly number[],
): readonly Cell[] | undefined {
  if (text === undefined || !reader.read(Buffer.from(text, 'latin1'))) return undefined;
  if (reader.kind(0) !== JSON_KIND.object) return undefined;
  return places.map((place) => {
    const kind = reader.kind(place);
    return kind === JSON_KIND.object || kind === JSON_KIND.array ? null : reader.text(place);
  });
}
