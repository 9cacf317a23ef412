import { z } from 'zod';
import { placeOf } from '../core/config.ts';
import { ConfigError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import type { RawColumn } from '../core/table.ts';
import { pick, slice } from './column.ts';
import type { SourceContext } from './context.ts';
import { rowFields } from './record/fields.ts';
import { type RowMedium, rowSource } from './record/row-source.ts';
import { columnsOfRecords, sortRecords } from './record/sort.ts';
import { columnOf } from './sample-record.ts';
import type { TableSource } from './source.ts';

/** Records, or columns by name: an array of numbers for a number in each row, a list of lists for lists. */
type Data = readonly unknown[] | Readonly<Record<string, ArrayLike<unknown>>>;

/** Rows that are given in the program, or in the pipeline file. They are not copied: whoever gave them leaves them alone. */
export const memory = plugin({
  type: 'memory',
  summary: 'Rows that are given as they are: a list of records, or columns by name.',
  fields: z.object({
    data: z
      .custom<Data>((value) => Array.isArray(value) || (isColumns(value) && Object.values(value).every(isList)), {
        message: 'a list of records, or an object of columns',
      })
      .describe('Records, [{ x: [0.1, 0.2], toxic: 1 }, …], or columns, { x: […], toxic: […] }. null is no value.'),
    ...rowFields,
  }),
  main: 'data',
  example: {
    data: [
      { x: [0.1, 0.2], toxic: 1, soluble: null },
      { x: [0.3, 0.1], toxic: null, soluble: 0.5 },
    ],
  },
  build: ({ data, ...options }, { name, where }: SourceContext): TableSource => {
    const medium = Array.isArray(data)
      ? recordMedium(data)
      : columnMedium(data as Readonly<Record<string, ArrayLike<unknown>>>, placeOf(['data'], where ?? name));
    return rowSource(medium, { name, ...options });
  },
});

function recordMedium(records: readonly unknown[]): RowMedium {
  const columns = columnsOfRecords(records);
  return {
    rows: records.length,
    columns: () => columns,
    read: (rows, wanted) =>
      sortRecords(
        rows.map((row) => records[row]),
        wanted,
      ),
    record: (row) => records[row],
  };
}

function columnMedium(data: Readonly<Record<string, ArrayLike<unknown>>>, where: string): RowMedium {
  const lengths = new Set(Object.values(data).map(({ length }) => length));
  if (lengths.size > 1)
    throw new ConfigError({
      where,
      expected: 'columns of one length',
      found: Object.entries(data)
        .map(([name, { length }]) => `${length} in '${name}'`)
        .join(', '),
    });
  const columns = new Map(Object.entries(data).map(([name, values]) => [name, rawColumn(values)]));
  const described = [...columns].map(([name, { kind }]) => ({ name, kind, type: kind }));
  return {
    rows: lengths.values().next().value ?? 0,
    columns: () => described,
    read: (rows, wanted) => {
      const [first, last] = [rows[0] as number, rows.at(-1) as number];
      const isRun = last - first === rows.length - 1;
      const read = wanted.map(({ name }) => {
        const column = columns.get(name) as RawColumn;
        return [name, isRun ? slice(column, first, last + 1) : pick(column, rows)] as const;
      });
      return { columns: new Map(read), records: [...rows.keys()], faults: new Map() };
    },
    record: (row) => Object.fromEntries(Object.entries(data).map(([name, values]) => [name, values[row]])),
  };
}

function rawColumn(values: ArrayLike<unknown>): RawColumn {
  if (values instanceof Float32Array || values instanceof Float64Array || values instanceof Int32Array)
    return { kind: 'number', values, valid: new Uint8Array(values.length).fill(1) };
  return columnOf(Array.from(values, (value) => value ?? null));
}

function isColumns(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
