/**
 * Reads a topic as an audit does: keys proven and extracted from JSON, copies told apart, segments written.
 * `node segments.mjs BOOTSTRAP TOPIC FOLDER [OFFSETS]`: all of it, or so many offsets of each of its four partitions. Prints how
 * much it read.
 */
import { randomBytes } from 'node:crypto';
import { Evidence } from '../../../dist/evidence/evidence.js';
import { openMessages } from '../../../dist/sources/open.js';

const [bootstrap, topic, folder, offsets] = process.argv.slice(2);
const ends = [0, 1, 2, 3].map((partition) => [partition, [0, Number(offsets)]]);
const field = { text: 'value.order.id', root: 'value', path: ['order', 'id'] };
const kind = { name: 'order-row', expect: { by: 'number', min: 1, max: 1 }, where: [] };
const settings = {
  name: 'bench',
  memory: '1GB',
  messages: {
    topic,
    from: { source: 'kafka', bootstrap: [bootstrap], clientId: 'bench' },
    range: offsets ? { by: 'offsets', offsets: new Map(ends), padding: 0 } : { by: 'all', padding: 0 },
    isolation: 'read_committed',
    value: 'json',
    key: [{ field, fold: false }],
    where: [],
  },
  kinds: [kind],
  entries: [],
};
const hooks = { progress() {}, signal: new AbortController().signal, digestKey: randomBytes(16) };
const evidence = await Evidence.create(folder, settings);
const source = await openMessages(settings, hooks);
const range = await source.fix();
const { messages, bytes, references } = await source.replay(range, (batch) => evidence.takeMessages(batch));
await source.close();
evidence.close();
process.stdout.write(JSON.stringify({ count: messages, bytes, keys: references[0].seen }));
