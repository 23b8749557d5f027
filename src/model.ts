/**
 * The nouns of an audit: types only, importing nothing, so that every part can meet here.
 *
 * Words (the same in code, SQL, CSV headers and docs):
 *   topic range      one topic and, per partition, a first offset and an exclusive end, fixed once before reading
 *   message          one record; audited when `where` lets it in
 *   event            what a message tells; copies are messages telling the same event
 *   correlation key  the business value that a message and its effects both carry
 *   effect           one thing that happened outside Kafka: one row, one email that went out
 *   effect kind      a named entry of the configuration, with its source and its expectation
 *   window           of an event and a kind: from `lead` before its earliest copy to `settle` after its latest
 *   coverage         what a source could really show. No coverage, no `zero`
 *   padding          messages read before and after the range only to explain effects at its edges; never judged
 *   verdict          the count held against the expectation
 *   orphan           an effect inside the range's time whose key is on no audited message that was read
 *   evidence         the folder of one audit, from which every report can be made again offline
 *
 * Units: message times are epoch milliseconds, effect times epoch microseconds, durations milliseconds, offsets
 * JavaScript numbers (a source refuses an offset beyond 2^53 - 1), unless a name says otherwise.
 */

// ---------------------------------------------------------------------------------------------- settings

/** Everything one audit is told, after file, flags and environment: complete, checked, no defaults left open. */
export interface Settings {
  readonly name: string;
  readonly messages: MessageSettings;
  readonly kinds: readonly KindSettings[];
  /** Where the effects of the kinds come from, in the order of the kinds: each has one entry at least. */
  readonly entries: readonly EffectEntry[];
  readonly report: ReportSettings;
  /** Bounds of the engine: DuckDB's own syntax for the size, such as "2GB". */
  readonly memory: string;
  /** Hex digest of the configuration as written: secrets count as their names, never as their values. */
  readonly configDigest: string;
}

export interface ReportSettings {
  /** Absolute path of the directory that finished reports appear in. */
  readonly directory: string;
  readonly ledger: boolean;
}

export interface MessageSettings {
  readonly topic: string;
  readonly from: KafkaSettings | CaptureSettings;
  readonly range: RangeSettings;
  /** Partitions to read; undefined: all of them. */
  readonly partitions?: readonly number[];
  readonly isolation: Isolation;
  /** `fail`: nothing is judged where part of the range cannot be had. Undefined: `report`. */
  readonly onGap?: OnGap;
  readonly value: ValueFormat;
  /** What is around the data in each value; undefined: nothing. */
  readonly envelope?: 'debezium' | 'cloudevents';
  /** Where Avro and Protobuf have their schemas from; undefined: the format needs none. */
  readonly schemas?: RegistrySettings | SchemaFileSettings;
  /** The correlation key: one part, or several parts that must all be there. */
  readonly key: readonly MessageKeyPart[];
  /** What makes two messages copies of one event; undefined: equal key and byte-equal value. */
  readonly id?: FieldReference;
  /** All are required of an audited message. Empty: every message is audited. */
  readonly where: readonly MessageCondition[];
  readonly copies: Copies;
}

/** `read_uncommitted`: messages of open and of aborted transactions are judged like all others, as some consumers see them. */
export type Isolation = 'read_committed' | 'read_uncommitted';
export type OnGap = 'report' | 'fail';
/** `one-event`: copies share one expectation; `each-message`: every message is an event of its own. */
export type Copies = 'one-event' | 'each-message';
export type ValueFormat = 'json' | 'string' | 'bytes' | 'avro' | 'protobuf' | 'json-schema';

/** A schema registry with Confluent's API. Holds secrets: never print it. */
export interface RegistrySettings {
  /** May have a path, and a user with a password. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

/** One schema for values that carry no schema id. */
export interface SchemaFileSettings {
  /** Absolute path. */
  readonly file: string;
  /** Of Protobuf: the full name of the message; undefined: the only one in the file. */
  readonly message?: string;
}

export interface KafkaSettings {
  readonly source: 'kafka';
  /** host:port, each. */
  readonly bootstrap: readonly string[];
  /** What the brokers know this reader by, in their logs and quotas. */
  readonly clientId: string;
  /** Absent: neither TLS nor a login. */
  readonly connection?: KafkaConnection;
  /** Properties that were given and change nothing here. */
  readonly ignored?: readonly string[];
  /** The most to read per second; undefined: as fast as it goes. */
  readonly maxRate?: MaxRate;
  /** Bytes of fetches that may be on their way or waiting at once; undefined: as many as the replay takes by itself. */
  readonly fetchMemory?: number;
  /** How long to go on asking where nothing comes, in milliseconds; undefined: as long as the replay does by itself. */
  readonly patience?: number;
}

/** Bounds per second, at least one of them. */
export interface MaxRate {
  readonly bytes?: number;
  readonly messages?: number;
}

/** How to be let in. It holds secrets: never print, store or digest it. */
export interface KafkaConnection {
  readonly tls?: KafkaTls;
  readonly login?: KafkaLogin;
}

export interface KafkaTls {
  /** Certificates of those who are trusted, PEM; absent: the authorities that come with Node. */
  readonly authorities?: string;
  /** The client's own certificate and those above it, and its key, PEM both. */
  readonly certificate?: string;
  readonly key?: string;
  /** The same in one PKCS#12 store. */
  readonly store?: Uint8Array;
  /** Of the key, or of the store. */
  readonly passphrase?: string;
  /** Whether the broker's certificate must be of someone who is trusted. */
  readonly verify: boolean;
  /** Whether it must also be that of the host. */
  readonly checkHost: boolean;
}

export type KafkaLogin =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      /** Client credentials (RFC 6749, section 4.4): a token from an endpoint for a name and a secret. */
      readonly mechanism: 'OAUTHBEARER';
      readonly endpoint: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope?: string;
      /** Whether name and secret are form-encoded in the header, as RFC 6749, section 2.3.1 has it and Kafka has not. */
      readonly urlEncode: boolean;
      /** What goes to the broker beside the token (RFC 7628, section 3.1). */
      readonly extensions: Readonly<Record<string, string>>;
    }
  | {
      /** A token signed with credentials of AWS, which are looked up as its own tools do. */
      readonly mechanism: 'AWS_MSK_IAM';
      /** Absent: that of the broker's name, or of AWS_REGION. */
      readonly region?: string;
      readonly profile?: string;
      readonly roleArn?: string;
      readonly roleSession?: string;
    };

export interface CaptureSettings {
  readonly source: 'capture';
  /** Absolute paths or glob patterns; packed by gzip or zstd, which their content tells. */
  readonly files: readonly string[];
  /** What all of them are; undefined: told by the content of each. */
  readonly format?: CaptureFormat;
  /** Where in the value the time of a message is, for forms that do not keep it. */
  readonly timestamp?: FieldReference;
}

/** Forms of captured messages: `kcat -J`, what sink connectors of Kafka Connect write, and what `onceover capture` does. */
export type CaptureFormat = 'kcat' | 'connect-json' | 'avro' | 'onceover';

/** Which part of the topic; `padding` is how far before and after it messages are read to explain effects. */
export type RangeSettings = { readonly padding: number } & (
  | { readonly by: 'all' }
  | { readonly by: 'time'; readonly from?: number; readonly to?: number }
  /** The last `length` milliseconds, ending at now less the longest settle. */
  | { readonly by: 'last'; readonly length: number; readonly settle: number }
  /** Partitions that are not named are not part of the range. */
  | { readonly by: 'offsets'; readonly offsets: ReadonlyMap<number, AskedOffsets> }
);

/** [first, end) of one partition. A negative number counts back from the log's end; undefined: as far as the log goes. */
export type AskedOffsets = readonly [first: number | undefined, end: number | undefined];

/** Where in a message something is. `text` is the reference as the configuration writes it. */
export type FieldReference = { readonly text: string } & (
  | { readonly root: 'key' | 'topic' | 'partition' | 'offset' | 'timestamp' }
  | { readonly root: 'headers'; readonly name: string }
  /** An empty path is the value itself; a number is an array index. */
  | { readonly root: 'value'; readonly path: readonly (string | number)[] }
);

/** How the text of one key part is made comparable on both sides. */
export interface KeyRule {
  /** JavaScript regular expression: the first group (or the whole match) is the key; no match is no key. */
  readonly match?: string;
  readonly fold: boolean;
  /** Only a number is a key, and all ways to write it are the same one: 007, 7.0 and 7e0 are 7. Applies after `match`. */
  readonly as?: 'number';
}

export interface MessageKeyPart extends KeyRule {
  readonly field: FieldReference;
}

/** One key part of an effect, found under a name: a column, a header, a field of a log. */
export interface EffectKeyPart extends KeyRule {
  readonly name: string;
  /** Where in the JSON that stands there; absent: all that stands there. */
  readonly path?: readonly (string | number)[];
}

/** A scalar of the configuration as it was written: text compares as text, a number also as a number. */
export interface Scalar {
  readonly text: string;
  readonly number?: number;
}

/** `exists: false` is the one test that an absent or null field passes; an object or a list is there. */
export type Test = TextTest | { readonly is: 'exists'; readonly exists: boolean };

/** What a field without a text fails, `not` included: one that is absent or null (DESIGN rule 3), an object or a list. */
export type TextTest =
  | { readonly is: 'in'; readonly values: readonly Scalar[] }
  | { readonly is: 'matches'; readonly pattern: string }
  | Comparison
  | { readonly is: 'not'; readonly test: TextTest };

/** With a number in JSON's grammar, digit by digit; a text that is no such number fails. */
export interface Comparison {
  readonly is: 'gt' | 'gte' | 'lt' | 'lte';
  readonly number: string;
}

export interface MessageCondition {
  readonly field: FieldReference;
  readonly test: Test;
}

/** A condition on an effect: `name` is a column, or one of from, recipient, subject. */
export interface EffectCondition {
  readonly name: string;
  readonly test: Test;
}

/** One source of one kind: shards of a table are several, and so are a mail relay and its provider. */
export interface EffectEntry<Source extends EffectSourceSettings = EffectSourceSettings> {
  /** Index into Settings.kinds, and the name of that kind. */
  readonly kind: number;
  readonly name: string;
  readonly source: Source;
}

export interface KindSettings {
  readonly name: string;
  readonly expect: Expectation;
  /** All are required of a message that expects this kind. */
  readonly where: readonly MessageCondition[];
  /** How long before its earliest copy and after its latest an event's own effects may happen. */
  readonly lead: number;
  readonly settle: number;
  /** How far behind the range effects are read. */
  readonly after: number;
  /** Share (0 to 1) of the kind's effects in the range that may lack a key before zeros lose their proof. */
  readonly maxKeyless: number;
  /** Whether an orphan is a finding (exit 1) or only noted. */
  readonly orphans: 'finding' | 'note';
}

export type Expectation =
  | { readonly by: 'number'; readonly min: number; readonly max: number }
  /** A list's length, or a whole number, in each message. */
  | { readonly by: 'field'; readonly field: FieldReference };

export type EffectSourceSettings =
  | PostgresSettings
  | MysqlSettings
  | EmailSettings
  | LogSettings
  | TopicSettings;

interface EffectSourceCommon {
  /** With coordinates: two parts, the columns of partition and offset. */
  readonly key: readonly EffectKeyPart[];
  /**
   * Effects carry the coordinates of their message in place of a business key: the names where they stand. The effect
   * key is then the text `PARTITION OFFSET`, in decimal digits; rows of other topics are excluded.
   */
  readonly coordinates?: {
    readonly topic?: string;
    readonly partition: string;
    readonly offset: string;
  };
  readonly only: readonly EffectCondition[];
  /** IANA zone of times that carry none. */
  readonly zone?: string;
  /** What the source is declared to show in full; epoch milliseconds. */
  readonly covers?: { readonly from?: number; readonly to?: number };
}

/** Rows of a database, from exactly one of table and query. */
export interface DatabaseSettings extends EffectSourceCommon {
  /** As written, such as `public.orders` or `"Odd Name"`. */
  readonly table?: string;
  /** One SELECT, whose columns are taken for those of a table. */
  readonly query?: string;
  /** Identity column; undefined: the primary key of the table, looked up. */
  readonly id?: string;
  /** Time column; undefined: the rows have no time. */
  readonly at?: string;
  /** What the numbers of the time column count, from 1970 on (UTC); undefined: it is no number. */
  readonly unit?: EpochUnit;
  /** How long one statement may take. */
  readonly timeout: number;
}

/** Seconds, milliseconds, microseconds. */
export type EpochUnit = 's' | 'ms' | 'us';

export interface PostgresSettings extends DatabaseSettings {
  readonly source: 'postgres';
  /** Connection URL; undefined: the PG* environment. Holds a secret: never print it. */
  readonly url?: string;
}

/** MySQL or MariaDB: the server tells which. */
export interface MysqlSettings extends DatabaseSettings {
  readonly source: 'mysql';
  /** Connection URL; undefined: the MYSQL_* environment. Holds a secret: never print it. */
  readonly url?: string;
}

interface LogFiles {
  /** Absolute paths or glob patterns; `-` is the standard input. */
  readonly files: readonly string[];
  /** Silence longer than this is a hole in the coverage. */
  readonly gap: number;
}

export interface EmailSettings extends EffectSourceCommon, LogFiles {
  readonly source: 'email';
  readonly format: 'postfix';
  /** Which moment counts an email and dates it. */
  readonly counts: 'accepted' | 'delivered';
}

/** Any other log, or rows that arrive as a dump. Key, id, at and only name columns, fields or groups of the pattern. */
export interface LogSettings extends EffectSourceCommon, LogFiles {
  readonly source: 'log';
  readonly format: LogFormatName;
  /** Of text: JavaScript regular expression (flag u) with named groups. Lines that it does not match are of others. */
  readonly pattern?: string;
  /** Of JSON lines: where in each line what is named above is. */
  readonly paths?: ReadonlyMap<string, readonly (string | number)[]>;
  /** Identity field; undefined: the line itself. */
  readonly id?: string;
  /** Undefined: the effects have no time. */
  readonly at?: string;
  /** What the numbers at `at` count, from 1970 on (UTC); undefined: it is no number, or its size tells. */
  readonly unit?: 's' | 'ms' | 'us';
  /** How the time is written, in the words of strptime; undefined: ISO 8601, or as syslog does. */
  readonly timeFormat?: string;
}

/** Messages of another topic: what was produced of what was consumed. A message's time is its timestamp. */
export interface TopicSettings
  extends Pick<MessageSettings, 'topic' | 'isolation' | 'value' | 'envelope' | 'schemas' | 'key' | 'id'>,
    Pick<EffectSourceCommon, 'covers'> {
  readonly source: 'kafka';
  /** Never there: the key says whose message it is. */
  readonly coordinates?: never;
  readonly kafka: KafkaSettings;
  readonly only: readonly MessageCondition[];
}

/** `csv` and `tsv` begin with a header line; `json` is one object a line. */
export type LogFormatName = 'csv' | 'tsv' | 'json' | 'text';

// ---------------------------------------------------------------------------------------------- gather

/** Offsets of one partition, fixed before reading. [first, end) is judged; [readFirst, readEnd) adds the padding. */
export interface PartitionRange {
  readonly partition: number;
  readonly first: number;
  readonly end: number;
  readonly readFirst: number;
  readonly readEnd: number;
  /** Offsets asked for that do not exist yet or are not stable: how many fewer [first, end) holds than was asked. */
  readonly short: number;
  /** Of a range of offsets: what was asked for, whether it exists or not; counted from the end it is said as that was then. */
  readonly asked?: { readonly first: number; readonly end: number };
}

export interface TopicRange {
  readonly topic: string;
  /** Where the messages came from, for the report: bootstrap hosts, or capture files. Never a secret. */
  readonly source: string;
  /** What the configuration asks for, in its own words; `partitions` is what became of it. */
  readonly asked: string;
  readonly isolation: Isolation;
  readonly partitions: readonly PartitionRange[];
  /** As in MessageSettings. */
  readonly onGap?: OnGap;
  /** Partitions of the topic that are not part of the range. */
  readonly unreadPartitions: readonly number[];
  /** When the ends were fixed. */
  readonly fixedAt: number;
  /** Time of the range [from, to) as asked; undefined where it follows from the messages themselves. */
  readonly from?: number;
  readonly to?: number;
  /** Why an end is short of what was asked, and other things a reader must know, in sentences. */
  readonly notes: readonly string[];
}

/** Every offset of [first, end) is in exactly one (DESIGN rule 2). */
export interface OffsetClasses {
  readonly audited: number;
  readonly skipped: number;
  readonly control: number;
  readonly aborted: number;
  readonly absent: number;
  readonly deleted: number;
  readonly unseen: number;
}

/**
 * Offsets [first, end) that no message was read from, and the time in which their messages must have been written. One
 * may lie before the range (deleted long ago) or behind a capture's end, where nobody can say how many there were.
 */
export interface MessageHole {
  readonly partition: number;
  readonly class: 'absent' | 'deleted' | 'unseen';
  readonly first: number;
  readonly end: number;
  /** Undefined: unbounded on that side. */
  readonly from?: number;
  readonly to?: number;
}

/** What a replay saw, besides the messages themselves. */
export interface Replay {
  readonly classes: ReadonlyMap<number, OffsetClasses>;
  /** Of the range and the padding; neighbours are merged where there are very many (their span then covers more). */
  readonly holes: readonly MessageHole[];
  /** Smallest and largest timestamp of the range's messages; undefined: there were none. */
  readonly firstAt?: number;
  readonly lastAt?: number;
  /** Time up to which messages were read, padding included: the smallest over all partitions. */
  readonly readTo: number;
  /**
   * Times, besides those of holes, in which messages were written that were not read, or may have been: before the
   * padding, and behind it. Epoch milliseconds, both ends included; undefined: unbounded on that side.
   */
  readonly unread: readonly { readonly from?: number; readonly to?: number }[];
  /** Messages of the range whose timestamp lies outside the time that was asked for. */
  readonly stragglers: number;
  /** How many messages (read, not skipped) had something at each reference; in configuration order. */
  readonly references: readonly {
    readonly setting: string;
    readonly text: string;
    readonly seen: number;
    /** It is only asked whether it is absent, so that no message needs to have it. */
    readonly mayBeAbsent?: true;
  }[];
  readonly messages: number;
  readonly bytes: number;
  /** A few messages whose value could not be decoded, and why. */
  readonly undecodable: readonly {
    readonly partition: number;
    readonly offset: number;
    readonly why: string;
  }[];
}

/**
 * Messages in columns; row i of each array is one message. Messages of every MESSAGE_CLASS, of the range and of the
 * padding.
 */
export interface MessageBatch {
  readonly rows: number;
  readonly partition: Int32Array;
  readonly offset: BigInt64Array;
  /** Epoch milliseconds; negative: the message has no timestamp. */
  readonly timestamp: BigInt64Array;
  /** MESSAGE_CLASS of columns.ts. */
  readonly class: Int32Array;
  /** 1: of the range, 0: of the padding. */
  readonly inRange: Int32Array;
  /** 1: something that refers to the value could not be read, because the value is broken. */
  readonly undecodable: Int32Array;
  /** Correlation key; the empty text: none. */
  readonly key: Uint8Array;
  /** The event's id; the empty text: none. */
  readonly eventId: Uint8Array;
  /** Where there is no id: 32 hex digits of a digest of the value. Else, and with `each-message`, the empty text. */
  readonly digest: Uint8Array;
  /** One array per kind, in the order of Settings.kinds: the expected number, or a code of EXPECT (columns.ts). */
  readonly expectMin: readonly Int32Array[];
  readonly expectMax: readonly Int32Array[];
}

/** Effects of one kind in columns. An effect with several keys has a row for each, with the same id. */
export interface EffectBatch {
  readonly rows: number;
  /** The empty text: no readable key. */
  readonly key: Uint8Array;
  readonly id: Uint8Array;
  /** Epoch microseconds; NO_TIME (columns.ts) where there is none. */
  readonly time: BigInt64Array;
  /** Where it was seen: index into Coverage.places, and the line there (0 for a database row, found by its id). */
  readonly place: Int32Array;
  readonly line: BigInt64Array;
}

/** Which effects to hand over: those inside [from, to], both epoch milliseconds, and those without a time. */
export interface EffectBounds {
  readonly from: number;
  readonly to: number;
}

/** A span of time in which a source could not see; epoch milliseconds, both ends included. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly why: 'silence' | 'missing-file' | 'unreadable';
  /** One sentence with the place: file and line. */
  readonly detail: string;
}

/** What one source could really show for one kind; a kind with several sources is covered as far as all of them are. */
export interface Coverage {
  readonly kind: string;
  /** What was read, for the report, such as `postgres public.orders` or `postfix mail.log, mail.log.1.gz`. Never a secret. */
  readonly source: string;
  /** Files or tables that effects refer to by index. */
  readonly places: readonly string[];
  /**
   * Covered span, epoch milliseconds, both ends included. `edge` says how its beginning counts: `line` (a window that
   * begins before it is not covered), `row` (only a window wholly before it is not: a table shows nothing older).
   * Undefined `from`: since ever. Undefined span: nothing is covered.
   */
  readonly span?: { readonly from?: number; readonly to: number; readonly edge: 'line' | 'row' };
  readonly gaps: readonly Gap[];
  /** When the source was read: a window that ends later is not settled. Epoch milliseconds. */
  readonly readAt: number;
  /** Records looked at: rows, or lines. */
  readonly read: number;
  /** Distinct effects handed over, and how many of the source's were left out, by reason. */
  readonly effects: number;
  readonly excluded: Readonly<Record<string, number>>;
  readonly unreadable: number;
  /** Why its effects can never show a duplicate, such as `unique index orders_pkey covers order_id`; undefined: they can. */
  readonly blind?: string;
  /** Each record is one by itself, so that two with one id are two effects whose `id` is no identity; absent: one may be seen twice. */
  readonly distinct?: true;
  readonly samples: readonly string[];
  readonly notes: readonly string[];
  /** Keys without enough effects that were looked for once more at any time, and what came of it; absent: none was. */
  readonly secondLook?: SecondLook;
}

/** How many keys were looked for once more (DESIGN rule 11), how many of them were found, and how many effects of them. */
export interface SecondLook {
  readonly keys: number;
  readonly found: number;
  readonly effects: number;
}

/** What a source reports while it reads. `total` in the same unit as `done`, where it is known. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: 'messages' | 'rows' | 'lines' | 'bytes' | 'seconds';
  /** How many bytes came for it so far, where that is worth knowing. */
  readonly bytes?: number;
}

export type OnProgress = (progress: Progress) => void;

/** What every source is given besides its settings. */
export interface SourceHooks {
  readonly progress: OnProgress;
  /** Tells the user one sentence at once, such as that something will take long; undefined: nobody listens. */
  readonly say?: ((sentence: string) => void) | undefined;
  /** Aborted when the user interrupts: a source stops reading soon after, by throwing the signal's reason. */
  readonly signal: AbortSignal;
  /** 16 random bytes of this audit: the key of the digests of values. */
  readonly digestKey: Uint8Array;
}

/**
 * Takes batches in order; a source waits for the promise before it reads on. The columns are the source's own and are
 * filled anew afterwards: whoever keeps something copies it.
 */
export type Take<Batch> = (batch: Batch) => Promise<void> | void;

/** Where a replay stands, as JSON: enough to go on from there in another process. `source` is read by who wrote it only. */
export interface ReplayState {
  readonly range: TopicRange;
  readonly source: unknown;
}

/** Keeps how far a replay is, now and then. */
export interface Checkpoint<State = ReplayState> {
  /** Whether it is time: a source then hands over what it holds, and offers its state. */
  due(): boolean;
  /** Offered whenever nothing is held back: it takes the state if it is time. */
  offer(state: () => State): Promise<void> | void;
}

/** How much further to read, on one side; epoch milliseconds. */
export type Further = { readonly from: number } | { readonly to: number };

export interface MessageSource {
  /** Fixes the range, once. */
  fix(): Promise<TopicRange>;
  /** In place of fix(): takes up a replay that was interrupted. @throws AuditError 4: the topic is not what it was */
  resume(state: ReplayState): Promise<TopicRange>;
  /** Reads it, handing over batches. `signal` ends it early by an error. */
  replay(range: TopicRange, take: Take<MessageBatch>, checkpoint?: Checkpoint): Promise<Replay>;
  /**
   * Reads on beyond what was replayed, as far as there is something: all that is handed over is padding. After replay, at
   * most once on each side, also after close. Answers range and replay as they are now, with what was read before.
   */
  readOn(further: Further, take: Take<MessageBatch>): Promise<{ range: TopicRange; replay: Replay }>;
  close(): Promise<void>;
}

/** All entries that one outside place serves, so that a database is read in one snapshot. */
export interface EffectSource {
  /** Indexes into Settings.entries. */
  readonly entries: readonly number[];
  /** Connects and checks names and rights before anything is read. */
  check(): Promise<void>;
  /** Hands over the effects of all its entries; answers one coverage for each, in the order of `entries`. */
  gather(bounds: readonly EffectBounds[], take: TakeEffects): Promise<readonly Coverage[]>;
  /**
   * Looks once more for effects with one of these keys, at any time, that `gather` did not hand over (DESIGN rule 11):
   * all of them are handed over. After gather, before close; in the same snapshot.
   */
  lookAgain(entry: number, keys: ReadonlySet<string>, take: TakeEffects): Promise<void>;
  close(): Promise<void>;
}

export type TakeEffects = (entry: number, batch: EffectBatch) => Promise<void> | void;

// ---------------------------------------------------------------------------------------------- judge

export type Outcome = 'zero' | 'one' | 'multiple' | 'unknown';
export type Verdict = 'ok' | 'missing' | 'duplicate' | 'unexpected' | 'exempt' | 'unknown';

/** Why a verdict is unknown, in the order in which the first that fits is given (DESIGN rule 9). */
export type Reason =
  | 'bad-time'
  | 'undecodable'
  | 'no-key'
  | 'no-expectation'
  | 'not-settled'
  | 'source-gap'
  | 'ambiguous'
  | 'compacted'
  | 'late'
  | 'early';

/** One (audited message, effect kind). Times are epoch microseconds, the message's in milliseconds. */
export interface LedgerLine {
  readonly partition: number;
  readonly offset: bigint;
  readonly timestamp: bigint;
  readonly key: string;
  readonly eventId: string;
  readonly copies: number;
  readonly kind: number;
  /** Undefined: no number could be read. */
  readonly expected?: { readonly min: number; readonly max: number };
  /** Undefined: nothing could be looked for. */
  readonly count?: number;
  /** Undefined: no end. */
  readonly most?: number;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly reason?: Reason;
  readonly firstEffectAt?: bigint;
  readonly lastEffectAt?: bigint;
  readonly effectIds: readonly string[];
}

/** What can be told of events of one key that contest the same effects, where nothing can be told of each. */
export type GroupState = 'short' | 'balanced' | 'excess' | 'open';

/** Events of one key that are `unknown: ambiguous` for one kind, and what they should and may have had together. */
export interface ContestedGroup {
  readonly state: GroupState;
  readonly key: string;
  readonly events: number;
  readonly expected: { readonly min: number; readonly max: number };
  /** How many effects are surely the group's, and how many may be. */
  readonly count: number;
  readonly most: number;
}

export interface MatrixCell {
  readonly copies: number;
  /** Undefined: effects could not be looked for. */
  readonly count?: number;
  readonly messages: number;
  /** Messages without a key tell none. */
  readonly events: number;
}

export interface GroupTotals extends Readonly<Record<GroupState, number>> {
  /** How many effects the short groups lack at least, and how many those in excess have too many. */
  readonly missing: number;
  readonly extra: number;
  /** A few of each state, those that lack or exceed most first. */
  readonly examples: readonly ContestedGroup[];
}

export type OrphanReason = 'no-message' | 'skipped' | 'aborted' | 'unread';

export interface Orphan {
  readonly kind: number;
  /** Index into AuditRecord.coverage: which source of the kind showed it. */
  readonly entry: number;
  readonly id: string;
  /** Epoch microseconds. */
  readonly time: bigint;
  readonly key: string;
  readonly reason: OrphanReason;
  readonly place: number;
  readonly line: bigint;
}

/** The totals of one kind over all audited messages of the range. */
export interface KindTotals {
  /** Distinct effects that may be of the range's messages (its windows, and those without a time); how many lack a key. */
  readonly total: number;
  readonly keyless: number;
  /** The counts of all judged events together. */
  readonly matched: number;
  readonly orphans: Readonly<Record<OrphanReason, number>>;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly reasons: Readonly<Partial<Record<Reason, number>>>;
  /** How many messages have this many copies and this many effects, and how many events they tell. */
  readonly matrix: readonly MatrixCell[];
  readonly groups: GroupTotals;
  /** First effect minus message, over messages that have one; undefined: none has. */
  readonly latencyMs?: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
}

/** The outcomes of messages across all kinds, in the order of Settings.kinds. */
export interface Signature {
  readonly outcomes: readonly Outcome[];
  readonly messages: number;
}

/** Effect minus message, over keys with one message and one effect: what shows how a source's clock stands to Kafka's. */
export interface PairLatency {
  /** Index into Settings.entries. */
  readonly entry: number;
  readonly pairs: number;
  /** Milliseconds: of 1% and of half of the pairs it is this or less. */
  readonly p01: number;
  readonly p50: number;
  /** The kind's. */
  readonly lead: number;
}

/** What the judge answers: totals are of everything, the exceptional lines are read as a stream. */
export interface Judgement {
  /** Time of the range [from, to), epoch milliseconds; undefined: no message and no time was asked for. */
  readonly time?: { readonly from: number; readonly to: number };
  readonly messages: {
    readonly audited: number;
    readonly events: number;
    readonly copies: number;
    readonly noKey: number;
    readonly undecodable: number;
    /** How many of the audited ones are of aborted, and of open transactions: none unless uncommitted messages were read. */
    readonly aborted: number;
    readonly open: number;
    /** Ids that are on messages of different keys (DESIGN rule 4). */
    readonly idsAcrossKeys: number;
  };
  readonly kinds: readonly KindTotals[];
  readonly signatures: readonly Signature[];
  /** Of the entries that have such pairs. */
  readonly pairLatencies: readonly PairLatency[];
  /** Of each entry: rows or lines of the judged keys that are one effect with another of their key, as both have one id. */
  readonly shared: readonly number[];
  readonly notes: readonly string[];
}

/** Everything about one audit that is not data: saved in the evidence, and with a judgement enough for every report. */
export interface AuditRecord {
  readonly tool: { readonly name: string; readonly version: string };
  readonly run: {
    readonly id: string;
    readonly name: string;
    /** Epoch milliseconds. */
    readonly startedAt: number;
    readonly endedAt: number;
    readonly configDigest: string;
    /** Name of the report's directory, without its path. */
    readonly directory: string;
  };
  readonly kinds: readonly {
    readonly name: string;
    /** `1`, `0..1`, or the field it is read from. */
    readonly expected: string;
    readonly orphans: 'finding' | 'note';
  }[];
  readonly ledger: boolean;
  readonly range: TopicRange;
  readonly replay: Replay;
  /** One for each entry of the settings, in that order. */
  readonly coverage: readonly Coverage[];
  readonly stages: readonly Stage[];
}

// ---------------------------------------------------------------------------------------------- tell

/** The content of report.json: everything every other rendering is made from. Offsets are strings. */
export interface Report {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: string; readonly version: string };
  readonly run: {
    readonly id: string;
    readonly name: string;
    readonly startedAt: string;
    readonly endedAt: string;
    readonly configDigest: string;
    readonly directory: string;
  };
  readonly exit: { readonly status: 0 | 1 | 3; readonly because: readonly string[] };
  readonly range: {
    readonly topic: string;
    readonly source: string;
    readonly asked: string;
    readonly from: string | null;
    readonly to: string | null;
    readonly isolation: Isolation;
    readonly partitions: readonly {
      readonly partition: number;
      readonly first: string;
      readonly end: string;
      readonly short: string;
      /** Null: offsets were not what was asked for. */
      readonly asked: { readonly first: string; readonly end: string } | null;
      readonly classes: OffsetClasses;
    }[];
    readonly unreadPartitions: readonly number[];
    readonly stragglers: number;
    readonly notes: readonly string[];
  };
  readonly messages: {
    readonly audited: number;
    readonly events: number;
    readonly copies: number;
    readonly noKey: number;
    readonly undecodable: number;
    readonly aborted: number;
    readonly open: number;
    readonly notes: readonly string[];
  };
  readonly effects: readonly KindReport[];
  readonly signatures: readonly {
    readonly outcomes: Readonly<Record<string, Outcome>>;
    readonly messages: number;
    readonly meaning: string;
  }[];
  readonly findings: readonly Finding[];
  readonly coverage: readonly CoverageReport[];
  readonly orphans: { readonly count: number; readonly examples: readonly OrphanLine[] };
  readonly stages: readonly Stage[];
}

export interface KindReport {
  readonly name: string;
  readonly source: string;
  readonly expected: string;
  readonly total: number;
  readonly matched: number;
  readonly keyless: number;
  readonly orphans: Readonly<Record<OrphanReason, number>>;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly reasons: Readonly<Partial<Record<Reason, number>>>;
  readonly matrix: readonly {
    readonly copies: number;
    readonly count: number | null;
    readonly messages: number;
    readonly events: number;
  }[];
  readonly groups: Readonly<Record<GroupState, number>> & {
    readonly missing: number;
    readonly extra: number;
    readonly examples: readonly GroupExample[];
  };
  readonly latencyMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  } | null;
}

export interface GroupExample {
  readonly state: GroupState;
  readonly key: string;
  readonly events: number;
  /** A number or `min..max`, as in the ledger. */
  readonly expected: string;
  readonly count: number;
  readonly most: number;
  readonly summary: string;
}

export interface CoverageReport {
  readonly source: string;
  readonly kind: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly readAt: string;
  readonly read: number;
  readonly effects: number;
  readonly excluded: Readonly<Record<string, number>>;
  readonly unreadable: number;
  readonly gaps: readonly {
    readonly from: string;
    readonly to: string;
    readonly why: string;
    readonly detail: string;
  }[];
  /** Why a duplicate could not be seen (DESIGN rule 14): `ok` means at least one. */
  readonly blind: string | null;
  /** Rows or lines of the judged keys that share their id with another of their key, and count as one effect with it. */
  readonly shared: number;
  /** Effect minus message over keys with one of each; negative: the effect is dated before its message. */
  readonly latencyMs: { readonly pairs: number; readonly p01: number; readonly p50: number } | null;
  /** By how much its clock is behind Kafka's at least, as a negative number; null: not proven. */
  readonly clockOffsetMs: number | null;
  readonly secondLook: SecondLook | null;
  readonly notes: readonly string[];
}

/** An orphan as it is told: a line of orphans.csv, an example in the report. */
export interface OrphanLine {
  readonly kind: string;
  readonly id: string;
  readonly at: string;
  readonly key: string;
  readonly reason: OrphanReason;
  readonly source: string;
  readonly location: string;
}

/** Causes are later work; the frame has its place. */
export interface Finding {
  readonly id: string;
  readonly summary: string;
}

export interface Stage {
  readonly name: string;
  readonly ms: number;
  readonly peakBytes: number;
  /** The most that lay on disk at once because `memory` was full. */
  readonly spilledBytes: number;
  /** What was counted while it ran, such as messages or rows. */
  readonly done?: number;
}
