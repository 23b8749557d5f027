/** The options that say how to reach Kafka, under the names of Kafka's own tools and of kcat. */
import type { KafkaFlags } from '../config/kafka/properties.ts';

export const KAFKA_OPTIONS = {
  'bootstrap-server': {
    alias: 'b',
    type: 'string',
    describe: 'brokers, host:port each (messages.kafka.bootstrap)',
    group: 'Kafka:',
  },
  'command-config': {
    alias: 'F',
    type: 'string',
    describe: 'a file of client properties, of Java or librdkafka',
    group: 'Kafka:',
  },
  'command-property': {
    alias: 'X',
    type: 'string',
    array: true,
    nargs: 1,
    default: [],
    describe: 'name=value: one client property',
    group: 'Kafka:',
  },
  'client-id': { type: 'string', describe: 'what brokers and quotas know this by', group: 'Kafka:' },
} as const;

interface KafkaArguments {
  readonly bootstrapServer: string | undefined;
  readonly commandConfig: string | undefined;
  readonly commandProperty: readonly string[];
  readonly clientId: string | undefined;
}

export function kafkaFlags(argv: KafkaArguments): KafkaFlags {
  const { bootstrapServer, commandConfig, commandProperty, clientId } = argv;
  return {
    ...(bootstrapServer === undefined ? {} : { bootstrapServer }),
    ...(commandConfig === undefined ? {} : { commandConfig }),
    ...(clientId === undefined ? {} : { clientId }),
    properties: commandProperty,
  };
}
