/** What several sources of one kind show together: an effect may be in any of them, so only what all of them show is seen. */
import type { Coverage } from '../model.ts';

export type KindCoverage = Pick<Coverage, 'span' | 'gaps' | 'readAt'>;

/** @param all at least one */
export function weakest(all: readonly KindCoverage[]): KindCoverage {
  const readAt = Math.min(...all.map((one) => one.readAt));
  const gaps = all.flatMap((one) => one.gaps);
  const span = common(all.map((one) => one.span));
  return span === undefined ? { gaps, readAt } : { span, gaps, readAt };
}

/** Where the beginnings count differently, the stricter way counts for both: less is seen, never more. */
function common(spans: readonly KindCoverage['span'][]): KindCoverage['span'] {
  const known = spans.filter((span) => span !== undefined);
  if (known.length < spans.length) return undefined;
  const froms = known.flatMap(({ from }) => from ?? []);
  const from = froms.length === 0 ? undefined : Math.max(...froms);
  const to = Math.min(...known.map((span) => span.to));
  if (from !== undefined && from > to) return undefined;
  const edge = known.every((span) => span.edge === 'row') ? 'row' : 'line';
  return { ...(from === undefined ? {} : { from }), to, edge };
}
