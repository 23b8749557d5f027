/** Reads a topic with onceover's replay and keeps nothing: `node nowhere.mjs BOOTSTRAP TOPIC`. Prints how much it read. */
import { KafkaJsTransport } from '../../../dist/sources/kafka/kafkajs-transport.js';
import { fixRange } from '../../../dist/sources/kafka/range.js';
import { readRange } from '../../../dist/sources/kafka/replay.js';

const [bootstrap, topic] = process.argv.slice(2);
const { signal } = new AbortController();
const kafka = { source: 'kafka', bootstrap: [bootstrap], clientId: 'bench' };
const transport = new KafkaJsTransport(kafka, topic, signal);
const messages = { topic, from: kafka, range: { by: 'all', padding: 0 }, isolation: 'read_committed' };

let count = 0;
const sink = {
  needsHeaders: false,
  full: false,
  add() {
    count++;
    return 'audited';
  },
  async flush() {},
};
const { range } = await fixRange(transport, messages, signal);
const { bytes } = await readRange(transport, range, sink, { progress() {}, signal });
await transport.close();
process.stdout.write(JSON.stringify({ count, bytes }));
