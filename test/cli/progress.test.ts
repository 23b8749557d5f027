import type { WriteStream } from 'node:tty';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressDisplay } from '../../src/cli/progress.ts';
import { barLine, plainLine } from '../../src/cli/progress-line.ts';
import type { Progress } from '../../src/model.ts';

const replay: Progress = { stage: 'replay', done: 250_000, total: 1_000_000, unit: 'messages', bytes: 50e6 };
const speed = { perSecond: 125_000, bytesPerSecond: 25e6 };
const terminal = { columns: 120, blocks: true, color: false };

describe('a line of progress', () => {
  it('tells share, amount, speed and what is left', () => {
    expect(plainLine(replay, speed)).toBe(
      'replay   25%  250,000 of 1,000,000 messages  125,000/s  25 MB/s  50 MB  6s left',
    );
    expect(
      plainLine({ stage: 'files of mail', done: 5e6, total: 1e9, unit: 'bytes' }, { perSecond: 1e6 }),
    ).toBe('files of mail    0%  5 MB of 1 GB  1 MB/s  16.6m left');
    expect(plainLine({ stage: 'rows of orders', done: 7, unit: 'rows' }, {})).toBe('rows of orders  7 rows');
    expect(plainLine(replay, { perSecond: 0 })).not.toContain('left');
  });

  it('has a bar of the share, to the eighth of a character', () => {
    const drawn = (done: number, blocks: boolean) => {
      const line = barLine({ ...replay, done, total: 320 }, {}, { ...terminal, blocks });
      return line.split('  ')[1];
    };
    expect(drawn(0, true)).toBe('░'.repeat(40));
    expect(drawn(83, true)).toBe(`${'█'.repeat(10)}▍${'░'.repeat(29)}`);
    expect(drawn(320, true)).toBe('█'.repeat(40));
    expect(drawn(80, false)).toBe(`[${'#'.repeat(9)}${'.'.repeat(29)}]`);
  });

  it('never is wider than the terminal, and drops the least important first', () => {
    const lines = Array.from({ length: 121 }, (_, columns) =>
      barLine(replay, speed, { ...terminal, columns }),
    );
    for (const [columns, line] of lines.entries()) expect(line.length).toBeLessThan(Math.max(1, columns));
    const kept = [120, 95, 70, 50, 30].map((columns) => lines[columns]!.replace(/[█░▏▎▍▌▋▊▉]+/, 'BAR'));
    expect(kept).toEqual([
      'replay  BAR   25%    250,000 of 1,000,000 messages    125,000/s   25 MB/s   50 MB     6s left',
      'replay  BAR   25%    250,000 of 1,000,000 messages    125,000/s   25 MB/s     6s left',
      'replay  BAR   25%    250,000 of 1,000,000 messages     6s left',
      'replay  BAR   25%     6s left',
      'replay   25%     6s left',
    ]);
  });

  it('is as wide whatever its numbers are', () => {
    const at = (done: number, perSecond: number, bytesPerSecond: number) =>
      barLine({ ...replay, done, bytes: done * 50 }, { perSecond, bytesPerSecond }, terminal);
    const lines = [at(7, 9, 4e3), at(4_321, 1_234, 1.2e6), at(999_999, 1_234_567, 123e6)];
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
    expect(new Set(lines.map((line) => line.indexOf('/s'))).size).toBe(1);
  });

  it('is coloured only where it may be', () => {
    expect(barLine(replay, {}, { ...terminal, color: true })).toContain('\x1b[36m');
    expect(barLine(replay, {}, terminal)).not.toContain('\x1b');
  });
});

describe('the display', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A display on a stream that remembers what was written. */
  function on(stream: Partial<WriteStream>, env: NodeJS.ProcessEnv = { LANG: 'en_GB.UTF-8', NO_COLOR: '1' }) {
    const written: string[] = [];
    const write = (text: string) => {
      if (text !== '') written.push(text);
      return true;
    };
    const fake = Object.assign({ isTTY: false, columns: 120, write }, stream) as unknown as WriteStream;
    return { display: new ProgressDisplay(fake, false, env), written, stream: fake };
  }

  it('writes a line every few seconds where nobody rewrites', () => {
    const { display, written } = on({});
    for (let second = 0; second <= 11; second++) {
      display.update({ ...replay, done: second * 1000, bytes: second * 1e6 });
      vi.advanceTimersByTime(1000);
    }
    expect(written).toHaveLength(2);
    expect(written[0]).toMatch(/^replay {4}0% {2}\d,000 of 1,000,000 messages {2}\d+\/s .* left\n$/);
  });

  it('rewrites one line, and takes it away before anything else is printed', () => {
    const { display, written } = on({ isTTY: true });
    display.update({ ...replay, done: 0 });
    vi.advanceTimersByTime(1000);
    display.update(replay);
    display.say('range of orders');
    expect(written.at(-1)).toBe('range of orders\n');
    expect(written.at(-2)).toBe('\r\x1b[J');
    expect(written.slice(1, -2).every((line) => line.startsWith('\r\x1b[Jreplay'))).toBe(true);
    const before = written.length;
    vi.advanceTimersByTime(1000);
    expect(written).toHaveLength(before);
  });

  it('shows the speed sink while nothing comes', () => {
    const { display, written } = on({ isTTY: true });
    display.update({ ...replay, done: 0 });
    vi.advanceTimersByTime(1000);
    display.update(replay);
    const perSecond = () => Number(/([\d,]+)\/s/.exec(written.at(-1)!)![1]!.replaceAll(',', ''));
    vi.advanceTimersByTime(1000);
    const early = perSecond();
    vi.advanceTimersByTime(6000);
    expect(perSecond()).toBeLessThan(early / 2);
    vi.advanceTimersByTime(6000);
    expect(perSecond()).toBe(0);
  });

  it('takes away all rows of a line that a narrower terminal has broken', () => {
    const { display, written, stream } = on({ isTTY: true, columns: 100 });
    display.update(replay);
    const length = written.at(-1)!.length;
    stream.columns = 40;
    display.clear();
    expect(written.at(-1)).toBe(`\x1b[${Math.ceil(length / 40) - 1}A\r\x1b[J`);
  });

  it('sends a dumb terminal neither colours nor codes nor blocks', () => {
    const { display, written } = on({ isTTY: true }, { TERM: 'dumb', LANG: 'C.UTF-8' });
    display.update(replay);
    vi.advanceTimersByTime(1000);
    display.clear();
    for (const text of written) expect(text).toMatch(/^[\r\x20-\x7e]*$/);
  });

  it('uses blocks only where the locale is UTF-8', () => {
    for (const [env, blocks] of [
      [{ LANG: 'de_DE.UTF-8' }, true],
      [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, false],
      [{}, false],
    ] as const) {
      const { display, written } = on({ isTTY: true }, { ...env, NO_COLOR: '1' });
      display.update(replay);
      display.clear();
      expect(/█/.test(written[0]!)).toBe(blocks);
    }
  });
});
