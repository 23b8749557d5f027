/**
 * Reads the bytes of a topic and does nothing with them but find where to ask on: what Node and sockets take at least.
 * `node floor.mjs BOOTSTRAP TOPIC PARTITIONS`, all led by that one server. Prints how much it read.
 */
import { decodeFetch, encodeFetch, ISOLATION } from '../../../dist/sources/kafka/fetch.js';
import { offsetBehind } from '../../../dist/sources/kafka/record-batch.js';
import { connectForAnswers, giveBack } from '../../../dist/sources/kafka/whole-answers.js';

const FETCH = 1;
const VERSION = 11;
const ANSWER_BYTES = 10 << 20;
/** Size and correlation id. */
const ANSWER_HEAD = 8;
/** A server deals with one request of a connection at a time. */
const CONNECTIONS = 2;

const [bootstrap, topic, partitions] = process.argv.slice(2);
const [host, port] = bootstrap.split(':');

function request(positions) {
  const body = encodeFetch(VERSION, topic, {
    isolation: ISOLATION.uncommitted,
    maxWaitMs: 500,
    maxBytes: ANSWER_BYTES,
    partitions: positions,
  });
  const head = Buffer.alloc(14);
  head.writeInt32BE(head.length - 4 + body.length);
  head.writeInt16BE(FETCH, 4);
  head.writeInt16BE(VERSION, 6);
  head.writeInt16BE(-1, 12); // no client id
  return Buffer.concat([head, body]);
}

/** Reads some partitions over a connection of their own. */
async function read(numbers) {
  const next = new Map(numbers.map((partition) => [partition, 0]));
  const total = { count: 0, bytes: 0 };
  const ask = () => {
    const maxBytes = Math.ceil(ANSWER_BYTES / next.size);
    socket.write(request([...next].map(([partition, offset]) => ({ partition, offset, maxBytes }))));
  };
  const socket = connectForAnswers({ host, port: Number(port) }, ask);
  await new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', resolve);
    socket.on('data', (answer) => {
      for (const { partition, records, highWatermark } of decodeFetch(VERSION, answer.subarray(ANSWER_HEAD))
        .partitions) {
        const behind = offsetBehind({ topic, partition }, records) ?? next.get(partition);
        total.bytes += records.length;
        total.count += behind - next.get(partition);
        next.set(partition, behind);
        if (behind >= highWatermark) next.delete(partition);
      }
      giveBack(answer);
      if (next.size > 0) ask();
      else socket.destroy();
    });
  });
  return total;
}

const numbers = Array.from({ length: Number(partitions) }, (_, partition) => partition);
const shares = Array.from({ length: CONNECTIONS }, (_, share) =>
  numbers.filter((one) => one % CONNECTIONS === share),
);
const totals = await Promise.all(shares.map(read));
const sum = (what) => totals.reduce((all, total) => all + total[what], 0);
process.stdout.write(JSON.stringify({ count: sum('count'), bytes: sum('bytes') }));
