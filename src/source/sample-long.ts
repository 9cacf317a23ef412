import type { LabelColumn } from '../core/chunk.ts';
import { formatValue } from '../core/format.ts';
import type { RawColumn, Table } from '../core/table.ts';
import { Faults, type Moments, textOfRows } from '../feature/index.ts';
import { type RowFaults, unknownHeads } from './sample-fault.ts';
import { LabelWriter } from './sample-label.ts';
import type { LabelReading } from './sample-labels.ts';
import type { LongLabels } from './sample-mapping.ts';
import type { HeadRule } from './sample-rule.ts';
import { boundsOf, scalarsOf, weightsOf } from './sample-value.ts';

/** Rows of a table that have a label each, and the sample that each belongs to. */
interface Grouping {
  readonly rows: Int32Array;
  /** rows: the sample of each; −1 where it belongs to none. */
  readonly sampleOf: Int32Array;
}

/** Rejects the rows that don't say which head they are of. @returns the head of each row */
export function headsOfRows({ head }: LongLabels, table: Table, faults: RowFaults): readonly (string | null)[] {
  const wrong = new Faults(table.rows);
  const heads = textOfRows(table.columns.get(head) as RawColumn, table.rows, head, wrong);
  const part = `column '${head}'`;
  for (const { row, reason, expected, found } of wrong.list) faults.reject({ row, reason, part, expected, found });
  heads.forEach((name, row) => {
    if (name === null) faults.reject({ row, reason: 'missing', part, expected: 'the name of a head', found: 'null' });
  });
  return heads;
}

/**
 * Makes samples of the rows that are not bad. Rows of one entity that follow each other become one, unless two of them
 * are labels of the same head.
 */
export function readLong(
  mapping: LongLabels,
  heads: readonly (string | null)[],
  rules: ReadonlyMap<string, HeadRule>,
  table: Table,
  faults: RowFaults,
  observe?: (head: string) => Moments | undefined,
): LabelReading {
  const { rows } = table;
  const columnOf = (name: string): RawColumn => table.columns.get(name) as RawColumn;
  const groups = mapping.group === undefined ? undefined : groupsOf(columnOf(mapping.group), rows, mapping.group);
  const isOf = (row: number): boolean => mapping.others === 'reject' || rules.has(heads[row] as string);
  const { rows: first, sampleOf } = groupRows(heads, groups, faults.bad, isOf);
  const report =
    (column: string) =>
    (row: number, reason: string, expected: string, found: string): void => {
      const part = `column '${column}'`;
      const head = rules.has(heads[row] ?? '') ? (heads[row] as string) : unknownHeads;
      if (sampleOf[row] !== -1) faults.rejectLabel({ row, head, part, reason, expected, found });
    };

  const { bound, weight, value } = mapping;
  const scalars = scalarsOf(columnOf(value), rows, mapping, report(value));
  const bounds = bound === undefined ? undefined : boundsOf(columnOf(bound), rows, mapping, report(bound));
  const weights = weight === undefined ? undefined : weightsOf(columnOf(weight), rows, report(weight));
  const writers = new Map<string, LabelWriter>();
  const label = [0];
  for (let row = 0; row < rows; row++) {
    const sample = sampleOf[row] as number;
    if (sample === -1) continue;
    const head = heads[row] as string;
    const rule = rules.get(head);
    if (rule === undefined) {
      const known = `a head of the model (there are ${rules.size})`;
      report(mapping.head)(row, 'unknownHead', known, formatValue(head));
      continue;
    }
    if (!scalars.valid[row] || Number.isNaN(weights?.[row])) continue;
    let writer = writers.get(head);
    if (writer === undefined) {
      writer = new LabelWriter(rule, first.length, bounds !== undefined, faults, observe?.(head));
      writers.set(head, writer);
    }
    label[0] = scalars.values[row] as number;
    writer.put(sample, row, label, `column '${value}'`, bounds?.[row] ?? 0);
    if (weights) writer.weigh(sample, weights[row] as number);
  }
  const labels: Record<string, LabelColumn> = {};
  for (const [head, writer] of writers) {
    const column = writer.finish();
    if (column) labels[head] = column;
  }
  return { rows: first, labels };
}

/** What rows of one entity have in common; null where a row stands for itself. */
function groupsOf(column: RawColumn, rows: number, name: string): readonly (string | null)[] {
  return textOfRows(column, rows, name, new Faults(rows));
}

function groupRows(
  heads: readonly (string | null)[],
  groups: readonly (string | null)[] | undefined,
  bad: Uint8Array,
  isOf: (row: number) => boolean,
): Grouping {
  const sampleOf = new Int32Array(heads.length).fill(-1);
  const first: number[] = [];
  const seen = new Set<string>();
  let group: string | null = null;
  let isOther = true;
  for (let row = 0; row < heads.length; row++) {
    // Of rows that are left out, those of another entity part what stands before and after them.
    const own = groups?.[row] ?? null;
    isOther ||= own === null || own !== group;
    group = own;
    if (bad[row] || !isOf(row)) continue;
    const head = heads[row] as string;
    if (isOther || seen.has(head)) {
      first.push(row);
      seen.clear();
    }
    seen.add(head);
    isOther = false;
    sampleOf[row] = first.length - 1;
  }
  return { rows: Int32Array.from(first), sampleOf };
}
