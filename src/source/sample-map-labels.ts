import type { LabelColumn } from '../core/chunk.ts';
import type { Issue } from '../core/error.ts';
import type { Fault } from '../core/fault.ts';
import { formatValue, quote } from '../core/format.ts';
import { parseRecord } from '../core/json.ts';
import { unmatched } from '../core/pattern.ts';
import type { RawColumn, Table } from '../core/table.ts';
import type { LabelSpec } from '../loss/index.ts';
import { type NewHeads, noHead, type Refusal, refusedLabels } from './new-heads.ts';
import type { RowFaults } from './sample-fault.ts';
import { LabelWriter } from './sample-label.ts';
import { type ColumnsOfHead, type FittedLabels, type LabelFit, type LabelReading, Labels } from './sample-labels.ts';
import type { MapLabels as MapMapping } from './sample-mapping.ts';
import type { LabelOptions } from './sample-plan.ts';
import type { HeadRule } from './sample-rule.ts';
import { UnknownHeads } from './sample-unknown.ts';
import type { TableColumn } from './source.ts';

type LabelMap = Readonly<Record<string, unknown>>;

/** A map of labels in each row, by the names of heads: each row is a sample. */
export class MapLabels extends Labels {
  private readonly mapping: MapMapping;
  private readonly options: LabelOptions;
  private readonly newHeads: NewHeads | undefined;

  private constructor(
    mapping: MapMapping,
    where: string,
    fitted: FittedLabels,
    specs?: ReadonlyMap<string, LabelSpec>,
    newHeads?: NewHeads,
  ) {
    super(where, fitted, specs);
    this.mapping = mapping;
    this.options = { ...mapping, standardize: false, bounds: {} };
    this.newHeads = newHeads;
  }

  /** What is wrong is added to `issues`. */
  static build(
    mapping: MapMapping,
    columns: readonly TableColumn[],
    where: string,
    fitted: FittedLabels,
    issues: Issue[],
  ): MapLabels {
    const names = columns.map(({ name }) => name);
    const found = columns.find(({ name }) => name === mapping.map);
    if (!found) issues.push(unmatched(`${where}.map`, mapping.map, 'column', names));
    else if (found.kind !== 'mixed' && found.kind !== 'text')
      issues.push({
        where: `${where}.map`,
        expected: 'a column of objects, or of their JSON',
        found: `${quote(mapping.map)} of kind '${found.kind}'`,
        hint: `say what it is: { ${mapping.map}: mixed }`,
      });
    return new MapLabels(mapping, where, fitted);
  }

  /** Before it is known which the model has: those that were named. */
  get heads(): readonly string[] {
    return this.specs ? [...this.specs.keys()] : (this.mapping.heads ?? []);
  }

  override get takesAny(): boolean {
    return true;
  }

  get columns(): readonly string[] {
    return [this.mapping.map];
  }

  get columnsToFit(): readonly string[] {
    return [];
  }

  read(rules: ReadonlyMap<string, HeadRule>, table: Table, faults: RowFaults): LabelReading {
    const column = table.columns.get(this.mapping.map) as RawColumn;
    const writers = new Map<string, LabelWriter>();
    const unknown = this.newHeads && new UnknownHeads(this.newHeads, this.options);
    const part = `column '${this.mapping.map}'`;
    for (let row = 0; row < table.rows; row++) {
      if (faults.bad[row]) continue;
      const map = mapOf(column, row);
      if (map === null) continue;
      if ('fault' in map) {
        faults.reject({ row, part, ...map.fault });
        continue;
      }
      const refusals: Refusal[] = [];
      for (const [head, value] of Object.entries(map.labels)) {
        if (value === null) continue;
        const rule = rules.get(head);
        if (rule) {
          const writer = writers.get(head) ?? new LabelWriter(rule, table.rows, false, faults);
          writers.set(head, writer);
          this.put(writer, rule, row, value, faults);
          continue;
        }
        const refusal = unknown
          ? unknown.refusal(head, (writer, rule, own) => this.put(writer, rule, 0, value, own))
          : this.mapping.others === 'reject' && noHead(head, rules.size);
        if (refusal) refusals.push(refusal);
      }
      for (const fault of refusedLabels(row, part, refusals, this.newHeads !== undefined)) faults.rejectLabel(fault);
    }
    const labels: Record<string, LabelColumn> = {};
    for (const [head, writer] of writers) {
      const own = writer.finish();
      if (own) labels[head] = own;
    }
    return { labels, ...unknown?.reading() };
  }

  startFit(): LabelFit {
    return { take: () => {}, finish: () => {} };
  }

  protected columnsOf(): ColumnsOfHead {
    return { columns: this.columns, size: undefined, bound: undefined, isList: false, options: this.options };
  }

  protected with(specs: ReadonlyMap<string, LabelSpec>, newHeads: NewHeads | undefined): MapLabels {
    return new MapLabels(this.mapping, this.where, this.fitted, specs, newHeads);
  }

  private put(writer: LabelWriter, { head }: HeadRule, row: number, value: unknown, faults: RowFaults): void {
    const part = `column '${this.mapping.map}', label '${head}'`;
    const label = numbersOf(value, this.options.classes);
    if (Array.isArray(label)) writer.put(row, row, label, part, 0);
    else faults.rejectLabel({ row, head, part, ...label });
  }
}

/** The labels of a row; null where it has none. */
function mapOf(column: RawColumn, row: number): { readonly labels: LabelMap } | { readonly fault: Fault } | null {
  const cell = 'starts' in column ? [] : column.values[row];
  if (cell === null || cell === undefined) return null;
  const parsed = typeof cell === 'string' ? parseRecord(cell) : { value: cell };
  if ('fault' in parsed) return parsed;
  const { value } = parsed;
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value))
    return { labels: value as LabelMap };
  return { fault: { reason: 'badType', expected: 'an object of labels by head', found: formatValue(value) } };
}

/** The numbers of a label: itself, the number of its class, or those of a list. */
function numbersOf(value: unknown, classes: LabelOptions['classes']): number[] | Fault {
  if (Array.isArray(value) && classes === undefined && value.every((one) => typeof one === 'number')) return value;
  if (classes && typeof value !== 'object') {
    const id = classes.map(String).indexOf(String(value));
    return id < 0
      ? { reason: 'unknownClass', expected: `one of ${classes.join(', ')}`, found: formatValue(value) }
      : [id];
  }
  if (typeof value === 'number' || typeof value === 'boolean') return [Number(value)];
  return { reason: 'badType', expected: 'a number or a list of numbers', found: formatValue(value) };
}
