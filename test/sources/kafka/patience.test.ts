import { afterEach, describe, expect, it, vi } from 'vitest';
import { AuditError } from '../../../src/error.ts';
import { PassingError, partitionError, translate } from '../../../src/sources/kafka/failures.ts';
import { abortable, Patience, pause } from '../../../src/sources/kafka/patience.ts';

/** An error as kafkajs makes them. */
function kafkaJs(name: string, more: { type?: string; retriable?: boolean }, message = 'it failed'): Error {
  return Object.assign(new Error(message), { name, ...more });
}

const translated = (error: unknown) =>
  translate(error, { topic: 'orders', servers: 'kafka-1:9092', login: undefined, handshake: undefined });

afterEach(() => {
  vi.useRealTimers();
});

describe('patience', () => {
  const refused = () => new PassingError('connect ECONNREFUSED');

  it('waits longer each time, for two minutes in all, and then gives up with the last cause', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const patience = new Patience('Topic orders, partition 0');
    const waits: number[] = [];
    for (let total = 0; total < 120_000; total += waits.at(-1)!) {
      waits.push(patience.failed(refused()));
      vi.advanceTimersByTime(waits.at(-1)!);
    }
    expect(waits[0]).toBeLessThanOrEqual(125);
    expect(waits[6]).toBeGreaterThanOrEqual(3750);
    expect(Math.max(...waits)).toBeLessThanOrEqual(6250);
    expect(() => patience.failed(refused())).toThrow(
      /^Topic orders, partition 0: given up after [23]\d tries in 2m\. connect ECONNREFUSED$/,
    );
  });

  it('ends by the time, however few tries it was enough for', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const patience = new Patience('Topic orders, partition 0', 60_000);
    const silence = new PassingError('Request Fetch timed out');
    expect(patience.failed(silence)).toBeLessThan(1000);
    vi.advanceTimersByTime(59_999);
    expect(patience.failed(silence)).toBeCloseTo(1);
    vi.advanceTimersByTime(40_000);
    expect(() => patience.failed(silence)).toThrow('given up after 3 tries in 1.7m. Request Fetch timed out');
  });

  it('begins anew after a success', () => {
    const patience = new Patience('Topic orders');
    for (let i = 0; i < 30; i++) {
      expect(patience.failed(new PassingError('leader lost'))).toBeLessThanOrEqual(125);
      patience.succeeded();
    }
  });

  it('has none with anything else', () => {
    const defect = new TypeError('undefined is not a partition');
    expect(() => new Patience('Topic orders').failed(defect)).toThrow(defect);
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    const waiting = pause(60_000, controller.signal);
    controller.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
    await expect(abortable(new Promise(() => {}), controller.signal)).rejects.toThrow('interrupted');
  });
});

describe('errors of kafkajs', () => {
  it.each([
    ['KafkaJSProtocolError', { type: 'TOPIC_AUTHORIZATION_FAILED', retriable: false }, 4],
    ['KafkaJSProtocolError', { type: 'INVALID_TOPIC_EXCEPTION', retriable: false }, 2],
    ['KafkaJSSASLAuthenticationError', { retriable: false }, 4],
  ])('%s %o ends the audit', (name, more, status) => {
    const error = translated(kafkaJs(name, more));
    expect(error).toBeInstanceOf(AuditError);
    expect(error).toMatchObject({ status, message: expect.stringMatching(/orders|kafka-1/) });
  });

  it.each([
    ['KafkaJSConnectionError', { retriable: true }],
    ['KafkaJSNumberOfRetriesExceeded', { retriable: false }],
    ['KafkaJSProtocolError', { type: 'LEADER_NOT_AVAILABLE', retriable: true }],
  ])('%s %o may pass', (name, more) => {
    expect(translated(kafkaJs(name, more))).toBeInstanceOf(PassingError);
  });

  it.each([
    ['was not taken up', 34, /expects no login/, /PLAINTEXT or SSL/],
    ['was taken up: then it is the token', 0, /refuses the login with OAUTHBEARER/, /does not take it/],
  ])('a request out of turn, where the login %s', (_, code, message, hint) => {
    const error = kafkaJs('KafkaJSProtocolError', { type: 'ILLEGAL_SASL_STATE' });
    const handshake = { code, mechanisms: ['OAUTHBEARER'] };
    const to = { topic: 'orders', servers: 'kafka-1:9092', login: 'OAUTHBEARER', handshake };
    expect(translate(error, to)).toMatchObject({
      status: 4,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it('are not taken for what is a defect', () => {
    const defect = new TypeError('undefined is not a broker');
    expect(translated(defect)).toBe(defect);
  });
});

describe('codes of a partition', () => {
  it.each([3, 5, 6, 7, 9, 13, 56, 74, 75, 78, 100, 103, -1])('%i may pass', (code) => {
    expect(partitionError('orders', 1, 5, code)).toBeInstanceOf(PassingError);
  });

  it.each([2, 29, 76, 999])('%i is final', (code) => {
    expect(partitionError('orders', 1, 5, code)).toMatchObject({ status: 4 });
  });
});
