import { ConfigError, type Issue } from '../core/error.ts';
import { unmatched } from '../core/pattern.ts';
import type { Table } from '../core/table.ts';
import { Moments } from '../feature/index.ts';
import type { LabelSpec } from '../loss/index.ts';
import type { NewHeads } from './new-heads.ts';
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
  private readonly makesHeads: boolean;
  private readonly newHeads: NewHeads | undefined;

  private constructor(
    mapping: LongMapping,
    makesHeads: boolean,
    where: string,
    fitted: FittedLabels,
    specs?: ReadonlyMap<string, LabelSpec>,
    newHeads?: NewHeads,
  ) {
    super(where, fitted, specs);
    this.mapping = mapping;
    this.makesHeads = makesHeads;
    this.newHeads = newHeads;
  }

  /**
   * What is wrong is added to `issues`.
   * @param makesHeads whether labels make heads: then nobody looks beforehand which there are
   */
  static build(
    mapping: LongMapping,
    makesHeads: boolean,
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
    if (makesHeads && mapping.standardize)
      issues.push({
        where: `${where}.standardize`,
        expected: 'false, as nobody has seen the labels of heads that come later',
        found: 'true',
        hint: 'log10: true',
      });
    checkKind(mapping.value, kind, mapping, false, `${where}.value`, issues);
    return new LongLabels(mapping, makesHeads, where, fitted);
  }

  get heads(): readonly string[] {
    if (this.makesHeads) return this.specs ? [...this.specs.keys()] : (this.mapping.heads ?? []);
    return this.mapping.heads ?? this.fitted.heads ?? [...(this.specs?.keys() ?? [])];
  }

  get columns(): readonly string[] {
    const { head, value, bound, weight, group } = this.mapping;
    return [head, value, bound, weight, group].filter((name) => name !== undefined);
  }

  get columnsToFit(): readonly string[] {
    return this.columns;
  }

  override get takesAny(): boolean {
    return this.makesHeads;
  }

  override get needsFit(): boolean {
    return (this.heads.length === 0 && !this.makesHeads) || super.needsFit;
  }

  read(rules: ReadonlyMap<string, HeadRule>, table: Table, faults: RowFaults): LabelReading {
    const { mapping, newHeads } = this;
    return readLong(mapping, headsOfRows(mapping, table, faults), rules, table, faults, { newHeads });
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
        if (mapping.standardize)
          readLong(mapping, heads, rules, table, faults, { observe: (head) => moments.get(head) });
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

  protected with(specs: ReadonlyMap<string, LabelSpec>, newHeads: NewHeads | undefined): LongLabels {
    return new LongLabels(this.mapping, this.makesHeads, this.where, this.fitted, specs, newHeads);
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
