import type { RawColumn, Table } from '../../src/core/table.ts';
import type { SampleSource } from '../../src/source/sample.ts';
import { tableOf } from '../../src/source/sample-record.ts';
import type { Reading, TableSource } from '../../src/source/source.ts';

/** A medium of one table, or of parts of it of so many rows. */
export function tableSource(table: Table, partRows = table.rows): TableSource {
  return {
    name: 'train',
    replayable: true,
    columns: async () => [...table.columns].map(([name, { kind }]) => ({ name, kind, type: kind })),
    countRows: async () => table.rows,
    async *read({ from = 0, columns = [...table.columns.keys()] }) {
      for (let start = from as number; start < table.rows; start += partRows) {
        const end = Math.min(start + partRows, table.rows);
        const read = columns.map((name) => [name, slice(table.columns.get(name) as RawColumn, start, end)] as const);
        yield {
          table: {
            rows: end - start,
            columns: new Map(read),
            place: (row) => table.place(start + row),
            keys: table.keys.slice(start, end),
          },
          rejected: [],
          position: end,
        };
      }
    },
  };
}

function slice(column: RawColumn, start: number, end: number): RawColumn {
  if ('starts' in column)
    return { ...column, starts: column.starts.slice(start, end + 1), valid: column.valid.slice(start, end) };
  if ('valid' in column)
    return { ...column, values: column.values.slice(start, end), valid: column.valid.slice(start, end) };
  return { ...column, values: column.values.slice(start, end) } as RawColumn;
}

/** A medium of records, all of which are objects. */
export function recordSource(records: readonly object[], partRows?: number): TableSource {
  return tableSource(tableOf(records, { name: 'train' }).table, partRows);
}

export async function readAll(source: SampleSource, from?: number): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  const signal = new AbortController().signal;
  for await (const reading of source.read({ signal, ...(from !== undefined && { from }) })) readings.push(reading);
  return readings;
}
