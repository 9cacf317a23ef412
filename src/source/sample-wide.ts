import type { LabelColumn } from '../core/chunk.ts';
import type { RawColumn, Table } from '../core/table.ts';
import { Faults, type Moments, numberLists } from '../feature/index.ts';
import type { RowFaults } from './sample-fault.ts';
import { LabelWriter } from './sample-label.ts';
import type { HeadPlan } from './sample-plan.ts';
import type { HeadRule } from './sample-rule.ts';
import { boundsOf, type ReportValue, scalarsOf, weightsOf } from './sample-value.ts';

/** The labels of one head, as the rows of a table have them. */
export function readHead(
  plan: HeadPlan,
  rule: HeadRule,
  table: Table,
  faults: RowFaults,
  observe?: Moments,
): LabelColumn | undefined {
  const { head, columns, options } = plan;
  const { rows } = table;
  const reporter = (column: string): ReportValue => {
    const part = `column '${column}'`;
    return (row, reason, expected, found) => faults.rejectLabel({ row, head, part, reason, expected, found });
  };
  const columnOf = (name: string): RawColumn => table.columns.get(name) as RawColumn;
  const bounds =
    plan.bound === undefined ? undefined : boundsOf(columnOf(plan.bound), rows, options, reporter(plan.bound));
  const writer = new LabelWriter(rule, rows, bounds !== undefined, faults, observe);
  const [first = ''] = columns;
  const part = `column '${first}'`;
  if (plan.isList) readLists(writer, plan, columnOf(first), rows, faults, bounds);
  else if (columns.length === 1) {
    const { values, valid } = scalarsOf(columnOf(first), rows, options, reporter(first));
    writer.putAll(values, valid, part, bounds);
  } else readSeveral(writer, plan, columns.map(columnOf), rows, faults, bounds);
  if (plan.weight !== undefined) weigh(writer, plan.weight, columnOf(plan.weight), rows, head, faults);
  return writer.finish();
}

function readLists(
  writer: LabelWriter,
  { head, columns }: HeadPlan,
  column: RawColumn,
  rows: number,
  faults: RowFaults,
  bounds: Float32Array | undefined,
): void {
  const name = columns[0] as string;
  const part = `column '${name}'`;
  const wrong = new Faults(rows);
  const { starts, values, valid } = numberLists(column, rows, name, wrong);
  for (const { row, reason, expected, found } of wrong.list)
    faults.rejectLabel({ row, head, part, reason, expected, found });
  for (let row = 0; row < rows; row++)
    if (valid[row] && !faults.bad[row])
      writer.put(row, row, values.subarray(starts[row], starts[row + 1]), part, bounds?.[row] ?? 0);
}

/** Labels whose numbers stand in several columns: all of them or none. */
function readSeveral(
  writer: LabelWriter,
  { head, columns, options }: HeadPlan,
  raw: readonly RawColumn[],
  rows: number,
  faults: RowFaults,
  bounds: Float32Array | undefined,
): void {
  const failed = new Uint8Array(rows);
  const all = raw.map((column, at) =>
    scalarsOf(column, rows, options, (row, reason, expected, found) => {
      failed[row] = 1;
      faults.rejectLabel({ row, head, part: `column '${columns[at]}'`, reason, expected, found });
    }),
  );
  const part = `columns '${columns[0]}' to '${columns.at(-1)}'`;
  const label = new Float64Array(all.length);
  for (let row = 0; row < rows; row++) {
    if (failed[row] || faults.bad[row]) continue;
    let count = 0;
    all.forEach(({ values, valid }, at) => {
      label[at] = valid[row] ? (values[row] as number) : Number.NaN;
      count += valid[row] as number;
    });
    if (count === all.length) writer.put(row, row, label, part, bounds?.[row] ?? 0);
    else if (count > 0)
      faults.rejectLabel({
        row,
        head,
        part,
        reason: 'missing',
        expected: `all ${all.length} numbers of a label, or none`,
        found: `${count}`,
        hint: 'make each column a head of its own when some may be missing',
      });
  }
}

function weigh(
  writer: LabelWriter,
  name: string,
  column: RawColumn,
  rows: number,
  head: string,
  faults: RowFaults,
): void {
  const part = `column '${name}'`;
  const weights = weightsOf(column, rows, (row, reason, expected, found) => {
    if (writer.has(row)) faults.rejectLabel({ row, head, part, reason, expected, found });
  });
  for (let row = 0; row < rows; row++)
    if (Number.isNaN(weights[row])) writer.drop(row);
    else writer.weigh(row, weights[row] as number);
}
