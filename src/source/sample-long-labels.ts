import { ConfigError, type Issue } from '../core/error.ts';
import { unmatched } from '../core/pattern.ts';
import type { Table } from '../core/table.ts';
import { Moments } from '../feature/index.ts';
import type { LabelSpec } from '../loss/index.ts';
import { RowFaults } from './sample-fault.ts';
import { type ColumnsOfHead, type FittedLabels, type LabelFit, type LabelReading, Labels } from './sample-labels.ts';
import { headsOfRows, readLong } from './sample-long.ts';
import type { LongLabels as LongMapping } from './sample-mapping.ts';
import { checkKind } from './sample-plan.ts';
import { type HeadRule, ruleOf } from './sample-rule.ts';
import type { TableColumn } from './source.ts';

/** More heads than this are taken for a mistake: a column of ids, say. */
const mostHeads = 100_000;

/** A label in each row, with a column that says which head it is of. */
export class LongLabels extends Labels {
  private readonly mapping: LongMapping;

  private constructor(
    mapping: LongMapping,
    where: string,
    fitted: FittedLabels,
    specs?: ReadonlyMap<string, LabelSpec>,
  ) {
    super(where, fitted, specs);
    this.mapping = mapping;
  }

  /** What is wrong is added to `issues`. */
  static build(
    mapping: LongMapping,
    columns: readonly TableColumn[],
    where: string,
    fitted: FittedLabels,
    issues: Issue[],
  ): LongLabels {
    const names = columns.map(({ name }) => name);
    for (const option of ['head', 'value', 'bound', 'weight', 'group'] as const) {
      const name = mapping[option];
      if (name !== undefined && !names.includes(name))
        issues.push(unmatched(`${where}.${option}`, name, 'column', names));
    }
    const kind = columns.find(({ name }) => name === mapping.value)?.kind;
    if (kind === 'numbers')
      issues.push({
        where: `${where}.value`,
        expected: 'one number in each row',
        found: `lists in '${mapping.value}'`,
      });
    checkKind(mapping.value, kind, mapping, false, `${where}.value`, issues);
    return new LongLabels(mapping, where, fitted);
  }

  get heads(): readonly string[] {
    return this.mapping.heads ?? this.fitted.heads ?? [...(this.specs?.keys() ?? [])];
  }

  get columns(): readonly string[] {
    const { head, value, bound, weight, group } = this.mapping;
    return [head, value, bound, weight, group].filter((name) => name !== undefined);
  }

  get columnsToFit(): readonly string[] {
    return this.columns;
  }

  override get needsFit(): boolean {
    return this.heads.length === 0 || super.needsFit;
  }

  read(rules: ReadonlyMap<string, HeadRule>, table: Table, faults: RowFaults): LabelReading {
    return readLong(this.mapping, headsOfRows(this.mapping, table, faults), rules, table, faults);
  }

  startFit(): LabelFit {
    const { mapping } = this;
    const named = mapping.heads && new Set(mapping.heads);
    const rules = new Map<string, HeadRule>();
    const moments = new Map<string, Moments>();
    return {
      take: (table) => {
        const faults = new RowFaults(table.rows);
        const heads = headsOfRows(mapping, table, faults);
        for (const head of heads) {
          if (head === null || rules.has(head) || named?.has(head) === false) continue;
          rules.set(head, ruleOf(head, 1, mapping, undefined, undefined));
          moments.set(head, new Moments(1));
        }
        this.checkCount(rules.size);
        if (mapping.standardize) readLong(mapping, heads, rules, table, faults, (head) => moments.get(head));
      },
      finish: () => {
        if (named === undefined) this.fitted.heads = [...rules.keys()].sort();
        if (!mapping.standardize) return;
        for (const head of this.heads) {
          const seen = moments.get(head) ?? new Moments(1);
          const { log10 } = mapping;
          this.fitted.scales.set(head, { mean: [...seen.means()], scale: [...seen.scales()], log10 });
        }
      },
    };
  }

  protected columnsOf(): ColumnsOfHead {
    const { value, bound } = this.mapping;
    return { columns: [value], size: 1, bound, isList: false, options: this.mapping };
  }

  protected with(specs: ReadonlyMap<string, LabelSpec>): LongLabels {
    return new LongLabels(this.mapping, this.where, this.fitted, specs);
  }

  private checkCount(heads: number): void {
    if (heads <= mostHeads) return;
    throw new ConfigError({
      where: `${this.where}.head`,
      expected: `a column with at most ${mostHeads} different heads`,
      found: 'more',
      hint: 'name the heads, as heads: [a, b]',
    });
  }
}
