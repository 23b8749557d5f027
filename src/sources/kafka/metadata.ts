/** The bytes of Metadata requests and responses, versions 10 to 12, as far as a topic's id. (https://kafka.apache.org/protocol#The_Messages_Metadata) */
import { Reader, unsignedVarint } from './wire.ts';

/** Versions before 10 know no ids (KIP-516); kafkajs's own end at 6. */
export const METADATA_VERSIONS: readonly number[] = [10, 11, 12];

/** What one server says of a topic. */
export interface TopicIdentity {
  readonly throttleMs: number;
  /** CODE of the protocol. */
  readonly errorCode: number;
  /** Hex digits; undefined: the cluster gives its topics none. */
  readonly id: string | undefined;
}

const NO_TAGS = Buffer.from([0]);
const ID_BYTES = 16;
const NO_ID = Buffer.alloc(ID_BYTES);

/** A request for one topic, which does not come into being by it; with the tagged fields of the header in front. */
export function encodeMetadata(version: number, topic: string): Buffer {
  const name = Buffer.from(topic, 'utf8');
  const topics = [unsignedVarint(2), NO_ID, unsignedVarint(name.length + 1), name, NO_TAGS];
  const options = version === 10 ? [0, 0, 0] : [0, 0]; // create it; who may do what on the cluster; on the topic
  return Buffer.concat([NO_TAGS, ...topics, Buffer.from(options), NO_TAGS]);
}

/** @param bytes of the answer to {@link encodeMetadata}. @throws RangeError when they end too early */
export function decodeTopicIdentity(bytes: Buffer): TopicIdentity {
  const reader = new Reader(bytes);
  skipTags(reader); // of the header
  const throttleMs = reader.int32();
  for (let brokers = reader.unsignedVarint(); brokers > 1; brokers--) {
    reader.skip(4); // its number
    reader.compactBytes(); // host
    reader.skip(4); // port
    reader.compactBytes(); // rack
    skipTags(reader);
  }
  reader.compactBytes(); // the cluster's id
  reader.skip(4); // its controller
  reader.unsignedVarint(); // one topic
  const errorCode = reader.int16();
  reader.compactBytes(); // its name
  const id = reader.bytes(ID_BYTES);
  return { throttleMs, errorCode, id: id.equals(NO_ID) ? undefined : id.toString('hex') };
}

function skipTags(reader: Reader): void {
  for (let tags = reader.unsignedVarint(); tags > 0; tags--) {
    reader.unsignedVarint(); // its number
    reader.bytes(reader.unsignedVarint());
  }
}
