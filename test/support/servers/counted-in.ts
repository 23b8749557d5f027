/** Asks a broker who is in its cluster, in Kafka's own protocol: kafkajs always asks for all topics too, and fails with any. */
import { connect } from 'node:net';

/** For one answer. */
const ASK_MS = 5000;

const METADATA = 3;
const CORRELATION = 7;

/** Metadata 1, of no topic. (https://kafka.apache.org/protocol#The_Messages_Metadata) */
function question(): Buffer {
  const request = Buffer.alloc(18);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(METADATA, 4);
  request.writeInt16BE(1, 6);
  request.writeInt32BE(CORRELATION, 8);
  request.writeInt16BE(-1, 12); // no client id
  request.writeInt32BE(0, 14); // no topics
  return request;
}

/**
 * Whether a broker knows itself to be one of its cluster, and a controller; only then can topics be made. A topic without a
 * leader is of no matter: one whose only replica was killed may have none for ever (KIP-966).
 * @param port of a plaintext listener on the loopback interface
 * @returns false also where it does not answer
 */
export async function isCountedIn(port: number, id: number, patienceMs = ASK_MS): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(patienceMs, () => socket.destroy());
  socket.write(question());
  try {
    const { brokers, controller } = membersIn(await answerOf(socket));
    return controller >= 0 && brokers.includes(id);
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** What is behind its size and the number of the question. */
async function answerOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of chunks) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length >= 8 && bytes.length >= 4 + bytes.readInt32BE(0)) return bytes.subarray(8);
  }
  throw new Error('the answer is not whole');
}

/** Each broker: its id, host, port and rack; then the controller. */
function membersIn(answer: Buffer): { readonly brokers: readonly number[]; readonly controller: number } {
  const brokers: number[] = [];
  let at = 4;
  for (let left = answer.readInt32BE(0); left > 0; left--) {
    brokers.push(answer.readInt32BE(at));
    at += 4;
    at += 2 + answer.readInt16BE(at) + 4;
    at += 2 + Math.max(0, answer.readInt16BE(at));
  }
  return { brokers, controller: answer.readInt32BE(at) };
}
