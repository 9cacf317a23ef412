import type { Json, LabelColumn } from '../core/chunk.ts';
import { ConfigError, type Issue } from '../core/error.ts';
import { sizeOf } from '../core/shape.ts';
import { didYouMean } from '../core/suggest.ts';
import type { Table } from '../core/table.ts';
import type { LabelSpec } from '../loss/index.ts';
import type { NewHeads } from './new-heads.ts';
import type { RowFaults } from './sample-fault.ts';
import type { ClassName } from './sample-mapping.ts';
import type { HeadPlan } from './sample-plan.ts';
import { type HeadRule, type LabelScale, misfits, ruleOf } from './sample-rule.ts';

/** What was learned of labels from the training source. */
export interface FittedLabels {
  /** By head: those that are standardized. */
  readonly scales: Map<string, LabelScale>;
  /** The heads of long labels, where nobody named them. */
  heads: readonly string[] | undefined;
}

export interface LabelReading {
  readonly labels: Readonly<Record<string, LabelColumn>>;
  /** The first row of each sample, where samples are not simply the good rows. The labels are those of samples then. */
  readonly rows?: Int32Array;
  /** Heads that are to be made: rows have labels of them, which are not among the labels. */
  readonly newHeads?: readonly string[];
  /** One that there is no room for. */
  readonly full?: string;
}

/** Takes the tables of the training source one after the other. */
export interface LabelFit {
  take(table: Table): void;
  finish(): void;
}

export type ColumnsOfHead = Pick<HeadPlan, 'columns' | 'size' | 'bound' | 'isList' | 'options'>;

/** The labels of a table: whose they are, what they must be, and what becomes of them. */
export abstract class Labels {
  protected readonly where: string;
  protected readonly fitted: FittedLabels;
  protected readonly specs: ReadonlyMap<string, LabelSpec> | undefined;

  protected constructor(where: string, fitted: FittedLabels, specs: ReadonlyMap<string, LabelSpec> | undefined) {
    this.where = where;
    this.fitted = fitted;
    this.specs = specs;
  }

  /** The heads that there may be labels of. */
  abstract get heads(): readonly string[];
  abstract get columns(): readonly string[];
  /** Columns that a fit looks at. */
  abstract get columnsToFit(): readonly string[];
  abstract read(rules: ReadonlyMap<string, HeadRule>, table: Table, faults: RowFaults): LabelReading;
  abstract startFit(): LabelFit;
  protected abstract columnsOf(head: string): ColumnsOfHead;
  protected abstract with(specs: ReadonlyMap<string, LabelSpec>, newHeads: NewHeads | undefined): Labels;

  /** Whether rows may have labels of any head: nobody says beforehand which. */
  get takesAny(): boolean {
    return false;
  }

  get needsFit(): boolean {
    return this.heads.some((head) => this.columnsOf(head).options.standardize && !this.fitted.scales.has(head));
  }

  /**
   * The same labels, checked against what the losses of the heads take.
   * @param newHeads what labels of other heads may become, where they may
   * @throws ConfigError with every misfit
   */
  withSpecs(specs: ReadonlyMap<string, LabelSpec>, newHeads?: NewHeads): Labels {
    const heads = this.takesAny ? new Set([...this.heads, ...specs.keys()]) : this.heads;
    const issues = [...heads].flatMap((head): readonly Issue[] => {
      const spec = specs.get(head);
      if (spec === undefined) return [this.unknownHead(head, [...specs.keys()])];
      const { size, bound, options } = this.columnsOf(head);
      return misfits(head, size, bound !== undefined, options, spec, this.where);
    });
    if (this.takesAny && newHeads) {
      // Where any head may come, the same is said of each.
      const { size, bound, options } = this.columnsOf('');
      issues.push(...misfits('auto', size, bound !== undefined, options, newHeads.spec, this.where));
    }
    if (issues.length > 0) throw new ConfigError(issues);
    return this.with(specs, this.takesAny ? newHeads : undefined);
  }

  /** What every head's labels must be. @throws ConfigError where nobody said how many numbers they have */
  rules(): ReadonlyMap<string, HeadRule> {
    return new Map(
      this.heads.map((head) => {
        const { size, options, isList } = this.columnsOf(head);
        const spec = this.specs?.get(head);
        if (isList && size === undefined && spec === undefined) throw new ConfigError(this.sizeless(head));
        return [head, ruleOf(head, size, options, spec, this.scaleOf(head))];
      }),
    );
  }

  /** How labels are moved, by head: those that are. */
  scales(): ReadonlyMap<string, LabelScale> {
    return new Map(
      this.heads.flatMap((head) => {
        const scale = this.scaleOf(head);
        return scale === undefined ? [] : [[head, scale] as const];
      }),
    );
  }

  /** What the classes of a head are called, in their order, by head: the classes that labels name, or a column of each. */
  classes(): ReadonlyMap<string, readonly ClassName[]> {
    return new Map(
      this.heads.flatMap((head) => {
        const { columns, options } = this.columnsOf(head);
        const names = options.classes ?? (columns.length > 1 ? columns : undefined);
        return names === undefined ? [] : [[head, names] as const];
      }),
    );
  }

  state(): Json {
    const scales = [...this.fitted.scales].map(([head, { mean, scale }]) => [head, { mean, scale }] as const);
    return { scales: Object.fromEntries(scales), heads: this.fitted.heads ?? null };
  }

  /** Goes on with what was fitted before. */
  restore({ scales, heads }: { scales: Record<string, Omit<LabelScale, 'log10'>>; heads: string[] | null }): void {
    this.fitted.heads = heads ?? undefined;
    for (const head of this.heads) {
      const saved = scales[head];
      const { options, size } = this.columnsOf(head);
      if (!options.standardize) continue;
      if (saved === undefined || saved.mean.length !== size || saved.scale.length !== size)
        throw new ConfigError({
          where: `${this.where}, fitted state`,
          expected: `mean and scale of head "${head}", ${size} of each`,
          found: saved === undefined ? 'nothing' : `${saved.mean.length} and ${saved.scale.length}`,
        });
      this.fitted.scales.set(head, { ...saved, log10: options.log10 });
    }
  }

  protected sizeless(head: string): Issue {
    return {
      where: `${this.where}.${head}`,
      expected: 'the number of numbers in a label, because its column holds lists',
      found: 'no size',
      hint: 'size: 3',
    };
  }

  private scaleOf(head: string): LabelScale | undefined {
    const { options, size } = this.columnsOf(head);
    if (options.standardize) return this.fitted.scales.get(head);
    if (!options.log10) return undefined;
    const spec = this.specs?.get(head);
    const numbers = size ?? (spec ? sizeOf(spec.shape) : 1);
    return { mean: Array(numbers).fill(0), scale: Array(numbers).fill(1), log10: true };
  }

  private unknownHead(head: string, known: readonly string[]): Issue {
    return {
      where: this.where,
      expected: `labels of heads of the model: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`,
      found: `'${head}'`,
      hint: 'leave it out of the labels, or give the model such a head',
      ...didYouMean(head, known),
    };
  }
}
