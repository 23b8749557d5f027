/** Reads a topic to the end it has now with kafkajs's own eachBatch: `node kafkajs.mjs BOOTSTRAP TOPIC MESSAGES`. */
import kafkajs from 'kafkajs';

const { Kafka, logLevel, CompressionCodecs, CompressionTypes } = kafkajs;
const [bootstrap, topic, messages] = process.argv.slice(2);
// kafkajs has no codec for it: it is lent ours.
const { decompress } = await import('../../../dist/sources/kafka/codecs.js');
CompressionCodecs[CompressionTypes.LZ4] = () => ({ decompress: async (bytes) => decompress(3, bytes) });

const consumer = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).consumer({
  groupId: `bench-${process.pid}`,
  allowAutoTopicCreation: false,
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
let count = 0;
let bytes = 0;
await new Promise((resolve, reject) => {
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      count += batch.messages.length;
      for (const { value } of batch.messages) bytes += value.length;
      if (count >= Number(messages)) resolve();
    },
  });
});
process.stdout.write(JSON.stringify({ count, bytes }));
process.exit();
