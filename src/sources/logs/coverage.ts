/** What the files of one entry prove about the time they cover. */
import type { Coverage, EffectEntry, EmailSettings, Gap, LogSettings } from '../../model.ts';
import type { SourceFile } from '../bytes.ts';
import { Stretches } from './spans.ts';

const MAX_SAMPLES = 5;
const SAMPLE_LENGTH = 80;
/** Holes beyond this are joined to their neighbours: that hides no hole, it only makes them larger. */
const MAX_GAPS = 4096;
/** Files named in full; of more, only the number is told. */
const MAX_NAMED = 4;

/** Something that cannot be read, or is not there, between two readable lines. Epoch microseconds. */
interface Hole {
  from: number;
  to: number;
  readonly why: Gap['why'];
  detail: string;
  /** Further ones in the same place. */
  more: number;
}

export class Sight {
  readonly #stretches: Stretches;
  #holes: Hole[] = [];
  readonly #samples: string[] = [];
  readonly #notes: string[] = [];
  readonly #excluded: Record<string, number> = {};
  /** Records looked at: lines or rows. */
  read = 0;
  unreadable = 0;
  effects = 0;

  /** @param gap milliseconds of silence that are no hole yet */
  constructor(gap: number) {
    this.#stretches = new Stretches(gap * 1000);
  }

  /** A readable line or row of that time (epoch microseconds). */
  saw(time: number, label: string, line: number): void {
    this.#stretches.add(time, label, line);
  }

  /** A record that cannot be read: counted, and shown if it is among the first. */
  missed(where: string, text: string): void {
    this.unreadable++;
    if (this.#samples.length < MAX_SAMPLES) this.#samples.push(`${where}: ${sampleOf(text)}`);
  }

  /** Nothing is known of the time between two readable records; ±Infinity: there is none on that side. */
  hole(from: number, to: number, why: Gap['why'], detail: string): void {
    const hole = { from: Math.min(from, to), to: Math.max(from, to), why, detail, more: 0 };
    const last = this.#holes.at(-1);
    if (last === undefined || last.why !== why || hole.from > last.to || hole.to < last.from) {
      this.#holes.push(hole);
      if (this.#holes.length > 2 * MAX_GAPS) this.#holes = fewer(this.#holes);
      return;
    }
    last.from = Math.min(last.from, hole.from);
    last.to = Math.max(last.to, hole.to);
    last.more++;
  }

  /** Makes holes so much larger: where records are not in order, their neighbours say less about their time. */
  blur(by: number): void {
    for (const hole of this.#holes) {
      hole.from -= by;
      hole.to += by;
    }
  }

  exclude(reason: string): void {
    this.#excluded[reason] = (this.#excluded[reason] ?? 0) + 1;
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  /** First and last readable time, epoch microseconds; undefined: there is none. */
  get seen(): { readonly from: number; readonly to: number } | undefined {
    const { all } = this.#stretches;
    return all.length === 0 ? undefined : { from: all[0]!.from.time, to: all.at(-1)!.to.time };
  }

  coverage(
    entry: EffectEntry<EmailSettings | LogSettings>,
    files: readonly SourceFile[],
    readAt: number,
  ): Coverage {
    const span = this.#span(entry.source.covers);
    return {
      kind: entry.name,
      source: `${entry.source.format} ${named(files)}`,
      places: files.map(({ label }) => label),
      ...(span === undefined ? {} : { span }),
      gaps: span === undefined ? [] : this.#gaps(span),
      readAt,
      read: this.read,
      effects: this.effects,
      excluded: this.#excluded,
      unreadable: this.unreadable,
      samples: this.#samples,
      notes: this.#notes,
    };
  }

  /** From the first to the last line; what is declared goes before what lines show (DESIGN rule 10). Epoch milliseconds. */
  #span(covers: EmailSettings['covers']): { from: number; to: number; edge: 'line' } | undefined {
    const { seen } = this;
    const from = covers?.from ?? Math.floor((seen?.from ?? Number.NaN) / 1000);
    const to = covers?.to ?? Math.floor((seen?.to ?? Number.NaN) / 1000);
    return from <= to ? { from, to, edge: 'line' } : undefined;
  }

  /** Silences and holes inside the span, in order of time. */
  #gaps(span: { readonly from: number; readonly to: number }): Gap[] {
    const gaps = [...this.#silences(), ...this.#holes].map((hole) => ({
      from: Math.max(span.from, Math.floor(hole.from / 1000)),
      to: Math.min(span.to, Math.ceil(hole.to / 1000)),
      why: hole.why,
      detail: hole.more === 0 ? hole.detail : `${hole.detail}, and ${hole.more} more next to it`,
    }));
    return gaps
      .filter(({ from, to }) => from <= to)
      .sort((a, b) => a.from - b.from || a.to - b.to || (a.why < b.why ? -1 : 1));
  }

  #silences(): Hole[] {
    const { all } = this.#stretches;
    const silences = all.slice(1).map(({ from }, i): Hole => {
      const { to } = all[i]!;
      const detail = `nothing for ${lengthOf(from.time - to.time)} between ${to.label} line ${to.line} and ${from.label} line ${from.line}`;
      return { from: to.time, to: from.time, why: 'silence', detail, more: 0 };
    });
    return silences.length > MAX_GAPS ? fewer(silences) : silences;
  }
}

/** Joins neighbours in pairs until there are few enough; only like is joined with like. */
function fewer(holes: readonly Hole[]): Hole[] {
  let joined = [...holes].sort((a, b) => (a.why === b.why ? a.from - b.from : a.why < b.why ? -1 : 1));
  while (joined.length > MAX_GAPS) {
    const pairs: Hole[] = [];
    for (let i = 0; i < joined.length; i++) {
      const [hole, next] = [joined[i]!, joined[i + 1]];
      pairs.push({ ...hole });
      if (next === undefined || next.why !== hole.why) continue;
      pairs.at(-1)!.to = Math.max(hole.to, next.to);
      pairs.at(-1)!.more += next.more + 1;
      i++;
    }
    joined = pairs;
  }
  return joined;
}

function named(files: readonly SourceFile[]): string {
  const labels = files.map(({ label }) => label);
  if (labels.length <= MAX_NAMED) return labels.join(', ');
  return `${labels.slice(0, MAX_NAMED - 1).join(', ')} and ${labels.length - MAX_NAMED + 1} more`;
}

/** Printable, short, and without whom it was sent to. */
function sampleOf(text: string): string {
  const printable = text.slice(0, SAMPLE_LENGTH).replace(/[^\x20-\x7e]/g, '?');
  const masked = printable.replace(/[^\s<>=,;:"]+@/g, '***@');
  return text.length > SAMPLE_LENGTH ? `${masked} …` : masked;
}

function lengthOf(micros: number): string {
  const seconds = Math.round(micros / 1e6);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
