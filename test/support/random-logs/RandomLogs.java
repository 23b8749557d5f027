import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes many logs at random with Kafka's own producers: every codec, idempotent, plain and transactional ones that
 * interleave, commit and abort, batches from one record to many, and some transactions left open at the end. The same
 * seed makes the same choices, though not the same interleaving of what producers send on their own.
 *
 * Arguments: bootstrap, seed, and the topics as name:partitions; what a topic is for is the first word of its name.
 */
public final class RandomLogs {
  private static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
  private static final int[] COUNTS = {1, 1, 1, 2, 3, 5, 20, 100};
  /** Few logs at a time for all producers: their transactions are to overlap. */
  private static final int NEIGHBOURS = 3;
  private static final int STEPS_EACH = 15;
  private static final long HOUR = 3_600_000;

  private final Random random;
  private final List<Writer> writers = new ArrayList<>();
  private final long now = System.currentTimeMillis();

  private RandomLogs(String bootstrap, long seed) {
    random = new Random(seed);
    for (int i = 0; i < 5; i++) writers.add(new Writer(bootstrap, CODECS[i], "idempotent", i));
    for (int i = 0; i < 10; i++) writers.add(new Writer(bootstrap, CODECS[i % 5], "transactional", i));
    for (int i = 0; i < 2; i++) writers.add(new Writer(bootstrap, pick(CODECS), "plain", i));
  }

  public static void main(String[] args) {
    List<TopicPartition> logs = new ArrayList<>();
    for (int i = 2; i < args.length; i++) {
      String[] topic = args[i].split(":");
      for (int partition = 0; partition < Integer.parseInt(topic[1]); partition++) {
        logs.add(new TopicPartition(topic[0], partition));
      }
    }
    RandomLogs made = new RandomLogs(args[0], Long.parseLong(args[1]));
    made.write(logs);
    // Closing would abort what is to stay open.
    Runtime.getRuntime().halt(0);
  }

  private void write(List<TopicPartition> logs) {
    java.util.Collections.shuffle(logs, random);
    writeOld(logs.stream().filter(log -> is(log, "retained")).toList());
    inNeighbourhoods(logs);
    // Segments are closed by what comes a while after they were begun, and only closed ones are cleaned.
    List<TopicPartition> compacted = logs.stream().filter(log -> is(log, "compacted")).toList();
    for (int round = 0; round < 3; round++) {
      sleep(300);
      inNeighbourhoods(compacted);
    }
    sleep(300);
    for (TopicPartition log : compacted) writers.get(0).send(log, 1);
    writers.get(0).producer.flush();
    leaveOpen(logs.stream().filter(log -> is(log, "plain")).limit(6).toList());
  }

  private void inNeighbourhoods(List<TopicPartition> logs) {
    for (int from = 0; from < logs.size(); from += NEIGHBOURS) {
      List<TopicPartition> some = logs.subList(from, Math.min(from + NEIGHBOURS, logs.size()));
      for (int step = 0; step < some.size() * STEPS_EACH; step++) {
        pick(writers).step(some.get(random.nextInt(some.size())));
      }
      for (Writer writer : writers) writer.end();
    }
  }

  /** What retention will find too old: without transactions, whose markers are of today. */
  private void writeOld(List<TopicPartition> logs) {
    for (TopicPartition log : logs) {
      for (int i = 0; i < 4; i++) {
        Writer writer = writers.get(random.nextInt(5));
        writer.age = 3 * HOUR;
        writer.send(log, pick(COUNTS));
        writer.producer.flush();
        writer.age = HOUR / 2;
      }
    }
    if (!logs.isEmpty()) sleep(300);
  }

  private void leaveOpen(List<TopicPartition> logs) {
    for (TopicPartition log : logs) {
      Writer writer = writers.get(5 + random.nextInt(10));
      writer.begin();
      writer.send(log, 2);
      writer.producer.flush();
      writers.get(0).send(log, 3);
      writers.get(0).producer.flush();
    }
  }

  private final class Writer {
    private final KafkaProducer<byte[], byte[]> producer;
    private final boolean transactional;
    private boolean open = false;
    private long age = HOUR / 2;

    Writer(String bootstrap, String codec, String kind, int number) {
      transactional = kind.equals("transactional");
      Map<String, Object> settings = new java.util.HashMap<>(Map.of(
          "bootstrap.servers", bootstrap,
          "compression.type", codec,
          "linger.ms", 20,
          "batch.size", pick(new int[] {0, 500, 16_384, 200_000}),
          "enable.idempotence", !kind.equals("plain"),
          "acks", kind.equals("plain") ? "1" : "all",
          "max.request.size", 8 << 20));
      if (transactional) {
        settings.put("transactional.id", kind + "-" + number + "-" + now);
        settings.put("transaction.timeout.ms", 600_000);
      }
      producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
      if (transactional) producer.initTransactions();
    }

    void step(TopicPartition log) {
      begin();
      send(log, pick(COUNTS));
      if (random.nextInt(2) == 0) producer.flush();
      if (random.nextInt(5) == 0) end();
    }

    void begin() {
      if (!transactional || open) return;
      producer.beginTransaction();
      open = true;
    }

    /** What was not sent before an abort never is. */
    void end() {
      if (random.nextInt(5) > 0) producer.flush();
      if (!open) return;
      open = false;
      if (random.nextInt(5) < 2) producer.abortTransaction();
      else producer.commitTransaction();
    }

    void send(TopicPartition log, int count) {
      for (int i = 0; i < count; i++) {
        long timestamp = now - age - random.nextInt((int) (HOUR / 3));
        byte[] key = key(is(log, "compacted"));
        producer.send(new ProducerRecord<>(log.topic(), log.partition(), timestamp, key, value(), headers()));
      }
    }
  }

  private byte[] key(boolean needed) {
    int choice = random.nextInt(10);
    if (choice == 0 && !needed) return null;
    if (choice == 1) return new byte[0];
    if (choice == 2) return bytes(random.nextInt(20));
    // The marker of an abort, to careless readers.
    if (choice == 3) return new byte[4];
    return text("ORD-" + random.nextInt(needed ? 12 : 100_000));
  }

  private byte[] value() {
    int choice = random.nextInt(20);
    if (choice < 2) return null;
    if (choice == 2) return new byte[0];
    if (choice == 3) return bytes(random.nextInt(300));
    if (choice == 4 && random.nextInt(8) == 0) return bytes(random.nextInt(40_000));
    if (choice == 5 && random.nextInt(8) == 0) return text("{\"note\":\"" + "größe ".repeat(random.nextInt(9000)) + "\"}");
    return text("{\"order\":{\"id\":\"ORD-" + random.nextInt(100_000) + "\"},\"channel\":\"web\"}");
  }

  private List<Header> headers() {
    if (random.nextInt(3) > 0) return List.of();
    List<Header> headers = new ArrayList<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      String name = pick(new String[] {"trace", "trace", "größe", "event-id"});
      int choice = random.nextInt(4);
      byte[] value = choice == 0 ? null : choice == 1 ? new byte[0] : choice == 2 ? bytes(9) : text("E-" + i);
      headers.add(new RecordHeader(name, value));
    }
    return headers;
  }

  private static boolean is(TopicPartition log, String kind) {
    return log.topic().startsWith(kind);
  }

  private byte[] bytes(int length) {
    byte[] made = new byte[length];
    random.nextBytes(made);
    return made;
  }

  private static byte[] text(String words) {
    return words.getBytes(StandardCharsets.UTF_8);
  }

  private <T> T pick(T[] choices) {
    return choices[random.nextInt(choices.length)];
  }

  private <T> T pick(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private int pick(int[] choices) {
    return choices[random.nextInt(choices.length)];
  }

  private static void sleep(long ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }
}
