import { z } from 'zod';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** A length of time as text, `30s`, `15m`, `12h` or `7d`: milliseconds, more than 0. */
export const durationSchema = z
  .string()
  .refine((text) => durationMs(text) > 0, { error: 'a length of time, as 30s, 15m, 12h or 7d' })
  .transform(durationMs);

function durationMs(text: string): number {
  const [, number, unit = ''] = pattern.exec(text) ?? [];
  return Number(number) * (unitMs[unit] ?? Number.NaN);
}

/** The longest unit that says it in whole numbers: `90m`, `1d`. */
export function formatDuration(ms: number): string {
  const [unit = 'ms', size = 1] = Object.entries(unitMs)
    .reverse()
    .find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
