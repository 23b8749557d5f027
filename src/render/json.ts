/** report.json: the report as it is, in the order in which its type names things. */
import type { Report } from '../model.ts';

export function reportJson(report: Report): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
