import type { LabelColumn } from '../core/chunk.ts';
import type { Issue } from '../core/error.ts';
import type { Table } from '../core/table.ts';
import { Moments } from '../feature/index.ts';
import type { LabelSpec } from '../loss/index.ts';
import { RowFaults } from './sample-fault.ts';
import { type ColumnsOfHead, type FittedLabels, type LabelFit, type LabelReading, Labels } from './sample-labels.ts';
import type { LabelMapping } from './sample-mapping.ts';
import { type HeadPlan, planHeads } from './sample-plan.ts';
import { type HeadRule, ruleOf } from './sample-rule.ts';
import { readHead } from './sample-wide.ts';
import type { TableColumn } from './source.ts';

/** Labels in columns of their own: each row is a sample. */
export class WideLabels extends Labels {
  private readonly plans: ReadonlyMap<string, HeadPlan>;

  private constructor(
    plans: ReadonlyMap<string, HeadPlan>,
    where: string,
    fitted: FittedLabels,
    specs?: ReadonlyMap<string, LabelSpec>,
  ) {
    super(where, fitted, specs);
    this.plans = plans;
  }

  /** What is wrong is added to `issues`. */
  static build(
    mapping: Exclude<LabelMapping, { readonly form: 'long' | 'map' }>,
    columns: readonly TableColumn[],
    where: string,
    fitted: FittedLabels,
    issues: Issue[],
  ): WideLabels {
    const plans = planHeads(mapping, columns, where, issues);
    const labels = new WideLabels(new Map(plans.map((plan) => [plan.head, plan])), where, fitted);
    for (const { head, size, options } of plans)
      if (options.standardize && size === undefined) issues.push(labels.sizeless(head));
    return labels;
  }

  get heads(): readonly string[] {
    return [...this.plans.keys()];
  }

  get columns(): readonly string[] {
    return [...this.plans.values()].flatMap(columnsRead);
  }

  get columnsToFit(): readonly string[] {
    return this.standardized().flatMap(columnsRead);
  }

  read(rules: ReadonlyMap<string, HeadRule>, table: Table, faults: RowFaults): LabelReading {
    const labels: Record<string, LabelColumn> = {};
    for (const [head, plan] of this.plans) {
      const column = readHead(plan, rules.get(head) as HeadRule, table, faults);
      if (column) labels[head] = column;
    }
    return { labels };
  }

  startFit(): LabelFit {
    const fits = this.standardized().map((plan) => {
      const size = plan.size as number;
      const rule = ruleOf(plan.head, size, plan.options, undefined, undefined);
      return { plan, rule, moments: new Moments(size) };
    });
    return {
      take: (table) => {
        const faults = new RowFaults(table.rows);
        for (const { plan, rule, moments } of fits) readHead(plan, rule, table, faults, moments);
      },
      finish: () => {
        for (const { plan, moments } of fits) {
          const { log10 } = plan.options;
          this.fitted.scales.set(plan.head, { mean: [...moments.means()], scale: [...moments.scales()], log10 });
        }
      },
    };
  }

  protected columnsOf(head: string): ColumnsOfHead {
    return this.plans.get(head) as HeadPlan;
  }

  protected with(specs: ReadonlyMap<string, LabelSpec>): WideLabels {
    return new WideLabels(this.plans, this.where, this.fitted, specs);
  }

  private standardized(): readonly HeadPlan[] {
    return [...this.plans.values()].filter(({ options }) => options.standardize);
  }
}

function columnsRead({ columns, bound, weight }: HeadPlan): readonly string[] {
  return [...columns, bound, weight].filter((name) => name !== undefined);
}
