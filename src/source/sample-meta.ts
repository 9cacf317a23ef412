import type { RawColumn, Table } from '../core/table.ts';
import { Faults, textOfRows } from '../feature/index.ts';
import type { RowFaults } from './sample-fault.ts';
import type { Mapping } from './sample-mapping.ts';
import { weightsOf } from './sample-value.ts';
import { timeColumnOf, timesOf } from './time.ts';

/** What rows say of themselves, beside features and labels. */
export interface RowMeta {
  readonly ids?: readonly string[];
  readonly timesMs?: Float64Array;
  readonly weights?: Float32Array;
}

type MetaMapping = Pick<Mapping, 'id' | 'time' | 'weight'>;

/** The columns that are read. */
export function metaColumns({ id, time, weight }: MetaMapping): readonly string[] {
  return [id, time && timeColumnOf(time).column, weight].filter((name) => name !== undefined);
}

/** Ids, times and weights; rows that lack one of those that were asked for are rejected. */
export function readMeta({ id, time, weight }: MetaMapping, table: Table, faults: RowFaults): RowMeta {
  const columnOf = (name: string): RawColumn => table.columns.get(name) as RawColumn;
  const reporter = (column: string) => (row: number, reason: string, expected: string, found: string) =>
    faults.reject({ row, reason, part: `column '${column}'`, expected, found });
  const timed = time && timeColumnOf(time);
  return {
    ...(id !== undefined && { ids: readIds(columnOf(id), table.rows, id, reporter(id)) }),
    ...(timed && { timesMs: timesOf(columnOf(timed.column), table.rows, timed.unit, reporter(timed.column)) }),
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
