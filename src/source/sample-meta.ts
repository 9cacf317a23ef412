import type { RawColumn, Table } from '../core/table.ts';
import { Faults, textOfRows } from '../feature/index.ts';
import type { RowFaults } from './sample-fault.ts';
import type { Mapping } from './sample-mapping.ts';
import { weightsOf } from './sample-value.ts';

/** What rows say of themselves, beside features and labels. */
export interface RowMeta {
  readonly ids?: readonly string[];
  readonly timesMs?: Float64Array;
  readonly weights?: Float32Array;
}

type MetaMapping = Pick<Mapping, 'id' | 'time' | 'weight'>;

/** The columns that are read. */
export function metaColumns({ id, time, weight }: MetaMapping): readonly string[] {
  return [id, typeof time === 'object' ? time.column : time, weight].filter((name) => name !== undefined);
}

/** Ids, times and weights; rows that lack one of those that were asked for are rejected. */
export function readMeta({ id, time, weight }: MetaMapping, table: Table, faults: RowFaults): RowMeta {
  const columnOf = (name: string): RawColumn => table.columns.get(name) as RawColumn;
  const reporter = (column: string) => (row: number, reason: string, expected: string, found: string) =>
    faults.reject({ row, reason, part: `column '${column}'`, expected, found });
  const timed = typeof time === 'string' ? { column: time, unit: 'ms' as const } : time;
  return {
    ...(id !== undefined && { ids: readIds(columnOf(id), table.rows, id, reporter(id)) }),
    ...(timed && { timesMs: readTimes(columnOf(timed.column), table.rows, timed.unit, reporter(timed.column)) }),
    ...(weight !== undefined && { weights: weightsOf(columnOf(weight), table.rows, reporter(weight)) }),
  };
}

type Report = (row: number, reason: string, expected: string, found: string) => void;

function readIds(column: RawColumn, rows: number, name: string, report: Report): readonly string[] {
  const wrong = new Faults(rows);
  const texts = textOfRows(column, rows, name, wrong);
  for (const { row, reason, expected, found } of wrong.list) report(row, reason, expected, found);
  return Array.from(texts, (text, row) => {
    if (text === null) report(row, 'missing', 'an id', 'null');
    return text ?? '';
  });
}

const pattern = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

function readTimes(column: RawColumn, rows: number, unit: 'ms' | 's', report: Report): Float64Array {
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

/** Milliseconds since 1970 of an ISO 8601 time, UTC where it names no zone; NaN when it is none. */
function parseTime(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] = pattern.exec(text.trim()) ?? [];
  if (date === undefined) return Number.NaN;
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  return Date.parse(`${date}T${time}${offset}`);
}
