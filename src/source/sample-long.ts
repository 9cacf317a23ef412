import type { LabelColumn } from '../core/chunk.ts';
import type { RawColumn, Table } from '../core/table.ts';
import { Faults, type Moments, textOfRows } from '../feature/index.ts';
import { type NewHeads, noHead, type Refusal } from './new-heads.ts';
import { type RowFaults, unknownHeads } from './sample-fault.ts';
import { LabelWriter } from './sample-label.ts';
import type { LabelReading } from './sample-labels.ts';
import type { LongLabels } from './sample-mapping.ts';
import type { HeadRule } from './sample-rule.ts';
import { UnknownHeads } from './sample-unknown.ts';
import { boundsOf, type ReportValue, scalarsOf, weightsOf } from './sample-value.ts';

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

export interface ReadLongOptions {
  /** Takes every good label of a head, before it is moved. */
  readonly observe?: (head: string) => Moments | undefined;
  /** What labels of other heads may become, where they may. */
  readonly newHeads?: NewHeads | undefined;
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
  { observe, newHeads }: ReadLongOptions = {},
): LabelReading {
  const { rows } = table;
  const columnOf = (name: string): RawColumn => table.columns.get(name) as RawColumn;
  const groups = mapping.group === undefined ? undefined : groupsOf(columnOf(mapping.group), rows, mapping.group);
  const takesAny = newHeads !== undefined;
  const isOf = (row: number): boolean => takesAny || mapping.others === 'reject' || rules.has(heads[row] as string);
  const { rows: first, sampleOf } = groupRows(heads, groups, faults.bad, isOf);
  const reject = (row: number, part: string, { reason, expected, found }: Refusal): void => {
    const head = heads[row] as string;
    if (sampleOf[row] === -1) return;
    if (rules.has(head)) faults.rejectLabel({ row, head, part, reason, expected, found });
    else faults.rejectLabel({ row, head: unknownHeads, part, reason, expected, found, isTolerated: takesAny });
  };
  const report =
    (column: string): ReportValue =>
    (row, reason, expected, found) =>
      reject(row, `column '${column}'`, { reason, expected, found });

  const { weight, value } = mapping;
  const scalars = scalarsOf(columnOf(value), rows, mapping, report(value));
  const bounds =
    mapping.bound === undefined ? undefined : boundsOf(columnOf(mapping.bound), rows, mapping, report(mapping.bound));
  const weights = weight === undefined ? undefined : weightsOf(columnOf(weight), rows, report(weight));
  const writers = new Map<string, LabelWriter>();
  const unknown = newHeads && new UnknownHeads(newHeads, mapping, bounds !== undefined);
  const label = [0];
  const part = `column '${value}'`;
  for (let row = 0; row < rows; row++) {
    const sample = sampleOf[row] as number;
    if (sample === -1) continue;
    const head = heads[row] as string;
    const rule = rules.get(head);
    if (rule === undefined && !unknown) reject(row, `column '${mapping.head}'`, noHead(head, rules.size));
    if (!scalars.valid[row] || Number.isNaN(weights?.[row])) continue;
    label[0] = scalars.values[row] as number;
    const bound = bounds?.[row] ?? 0;
    if (rule === undefined) {
      const refusal = unknown?.refusal(head, (writer) => writer.put(0, 0, label, part, bound));
      if (refusal) reject(row, refusal.part ?? `column '${mapping.head}'`, refusal);
      continue;
    }
    let writer = writers.get(head);
    if (writer === undefined) {
      writer = new LabelWriter(rule, first.length, bounds !== undefined, faults, observe?.(head));
      writers.set(head, writer);
    }
    writer.put(sample, row, label, part, bound);
    if (weights) writer.weigh(sample, weights[row] as number);
  }
  const labels: Record<string, LabelColumn> = {};
  for (const [head, writer] of writers) {
    const column = writer.finish();
    if (column) labels[head] = column;
  }
  return { rows: first, labels, ...unknown?.reading() };
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
