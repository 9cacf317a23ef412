import { z } from 'zod';
import type { RawColumn } from '../core/table.ts';

/** What says which column has the times of rows. */
export const timeField = z.union([
  z.string().min(1),
  z.strictObject({
    column: z.string().min(1).describe('The column.'),
    unit: z.enum(['ms', 's']).default('ms').describe('Of numbers: milliseconds or seconds since 1970.'),
  }),
]);

/** A column of times, and the unit of its numbers. */
export interface TimeColumn {
  readonly column: string;
  readonly unit: 'ms' | 's';
}

/** The column that is meant, its unit filled in. */
export function timeColumnOf(time: z.output<typeof timeField>): TimeColumn {
  return typeof time === 'string' ? { column: time, unit: 'ms' } : time;
}

/** What kinds of columns may hold times. */
export const timeKinds: readonly RawColumn['kind'][] = ['number', 'text', 'mixed'];

type Report = (row: number, reason: string, expected: string, found: string) => void;

/**
 * Times of rows, in milliseconds since 1970; NaN where there is none.
 * @param report is told why
 */
export function timesOf(column: RawColumn, rows: number, unit: TimeColumn['unit'], report: Report): Float64Array {
  const times = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const isNull = 'valid' in column && !column.valid[row];
    const cell: unknown = 'starts' in column ? 'a list' : isNull ? null : column.values[row];
    const time = typeof cell === 'string' ? parseTime(cell) : cell === null ? Number.NaN : Number(cell) * msOf[unit];
    times[row] = time;
    if (cell === null) report(row, 'missing', 'a time', 'null');
    else if (!Number.isFinite(time)) report(row, 'badTime', 'a time, as 2024-05-01T12:00:00Z', `${cell}`);
  }
  return times;
}

const msOf = { ms: 1, s: 1000 };
const pattern = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** Milliseconds since 1970 of an ISO 8601 time, UTC where it names no zone; NaN when it is none. */
function parseTime(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] = pattern.exec(text.trim()) ?? [];
  if (date === undefined) return Number.NaN;
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  return Date.parse(`${date}T${time}${offset}`);
}
