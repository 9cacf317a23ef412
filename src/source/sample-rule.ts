import { ConfigError, type Issue } from '../core/error.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { type LabelSpec, misfitOfBounds } from '../loss/index.ts';
import type { LabelOptions } from './sample-plan.ts';

/** How the labels of a head are moved before they are trained: (y − mean) / scale, after the logarithm. */
export interface LabelScale {
  /** One for each number of a label. */
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly log10: boolean;
}

/** What the labels of one head must be, and what becomes of them. */
export interface HeadRule {
  readonly head: string;
  /** Numbers of a label. */
  readonly size: number;
  readonly dtype: 'float32' | 'int32';
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
  readonly spec: LabelSpec | undefined;
  readonly options: LabelOptions;
  readonly scale: LabelScale | undefined;
}

/** The largest number that float32 has. */
const largest = 3.4028234663852886e38;

/**
 * The rule of a head's labels.
 * @param size numbers of a label; undefined when lists are as long as the loss says
 * @param spec what the head's loss takes; undefined when nobody has said
 */
export function ruleOf(
  head: string,
  size: number | undefined,
  options: LabelOptions,
  spec: LabelSpec | undefined,
  scale: LabelScale | undefined,
): HeadRule {
  const { classes, log10 } = options;
  const values = spec?.values;
  const count = values?.kind === 'class' ? values.count : classes?.length;
  const isClass = values?.kind === 'class' || (values === undefined && classes !== undefined);
  const [low, high] = values?.kind === 'number' ? [values.least, values.most] : [undefined, undefined];
  return {
    head,
    size: spec ? sizeOf(spec.shape) : (size ?? 1),
    dtype: spec?.dtype ?? (isClass ? 'int32' : 'float32'),
    least: isClass ? 0 : log10 ? Number.MIN_VALUE : Math.max(low ?? -largest, -largest),
    most: isClass && count !== undefined ? count - 1 : Math.min(high ?? largest, largest),
    isWhole: isClass,
    spec,
    options,
    scale,
  };
}

/** Everything in which a head's labels, as they stand in the table, don't fit its loss. */
export function misfits(
  head: string,
  size: number | undefined,
  hasBound: boolean,
  options: LabelOptions,
  spec: LabelSpec,
  where: string,
): readonly Issue[] {
  const place = `${where}, head "${head}"`;
  const issues: Issue[] = [];
  const expected = sizeOf(spec.shape);
  if (size !== undefined && size !== expected)
    issues.push({
      where: place,
      expected: `labels ${formatShape(spec.shape)}: ${expected} ${expected === 1 ? 'number' : 'numbers'}`,
      found: `${size}`,
      hint:
        size > 1
          ? `change the units of the head's last layer, or give its labels ${expected} ${expected === 1 ? 'column' : 'columns'}`
          : spec.values.kind === 'distribution'
            ? 'class numbers go with sparseCategoricalCrossentropy'
            : `give the head's last layer fewer units: { dense: 1 } for most losses; one of ${expected} classes goes with sparseCategoricalCrossentropy`,
    });
  if (spec.values.kind === 'class' && (options.classes?.length ?? 0) > spec.values.count)
    issues.push({
      where: place,
      expected: `at most ${spec.values.count} classes, as the head has`,
      found: `${options.classes?.length}`,
      hint: `give the head's last layer ${options.classes?.length} units`,
    });
  const limits = spec.values.kind === 'number' && spec.values.least === undefined && spec.values.most === undefined;
  if ((options.standardize || options.log10) && !limits)
    issues.push({
      where: place,
      expected: 'a loss of any numbers, because labels are moved',
      found: 'one whose labels have limits',
      hint: `leave ${options.standardize ? 'standardize' : 'log10'} out for this head`,
    });
  const misfit = misfitOfBounds(spec, hasBound);
  if (misfit) issues.push({ where: place, ...misfit });
  return issues;
}

/** @throws ConfigError when there are issues */
export function throwIssues(issues: readonly Issue[]): void {
  if (issues.length > 0) throw new ConfigError(issues);
}
