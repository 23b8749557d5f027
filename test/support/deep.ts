/** How hard random tests look: `npm run test:deep` has ten times as many cases, `ONCEOVER_DEEP=50` fifty times as many. */
export const DEEP = Number(process.env.ONCEOVER_DEEP ?? 1);

/** @param usual how many cases are enough for every day */
export function cases(usual: number): number {
  return Math.ceil(usual * DEEP);
}
