import type { Issue } from '../core/error.ts';
import type { LabelSpec, LabelValues } from './label.ts';

/** What is wrong with a value, in the words of an issue. */
export type Fault = Pick<Issue, 'expected' | 'found'>;

/** How far from 1 the sum of a distribution may be. */
const sumTolerance = 1e-3;

/** Labels are held as float32: 1e300 is none. */
const finite = 'a finite number that float32 can hold';

function expectedOf(values: LabelValues): string {
  if (values.kind === 'class') return `a class from 0 to ${values.count - 1}`;
  if (values.kind === 'distribution') return 'a probability from 0 to 1';
  const { least, most } = values;
  if (least !== undefined && most !== undefined) return `a number from ${least} to ${most}`;
  if (least !== undefined) return `${finite}, at least ${least}`;
  return most === undefined ? finite : `${finite}, at most ${most}`;
}

function isAllowed(value: number, values: LabelValues): boolean {
  if (values.kind === 'class') return Number.isInteger(value) && value >= 0 && value < values.count;
  if (values.kind === 'distribution') return value >= 0 && value <= 1;
  return Number.isFinite(Math.fround(value)) && value >= (values.least ?? value) && value <= (values.most ?? value);
}

function faultOfSums(label: ArrayLike<number>, classes: number): Fault | undefined {
  for (let start = 0; start < label.length; start += classes) {
    let sum = 0;
    for (let at = start; at < start + classes; at++) sum += label[at] as number;
    if (Math.abs(sum - 1) > sumTolerance) return { expected: 'probabilities that sum to 1', found: `a sum of ${sum}` };
  }
  return undefined;
}

function faultOfBounds(bounds: ArrayLike<number> | undefined, count: number): Fault | undefined {
  if (bounds?.length !== count)
    return { expected: `a bound for each of ${count}`, found: `${bounds?.length ?? 'none'}` };
  for (let at = 0; at < count; at++)
    if (bounds[at] !== -1 && bounds[at] !== 0 && bounds[at] !== 1)
      return { expected: "a bound of -1 ('<'), 0 ('=') or 1 ('>')", found: `${bounds[at]}` };
  return undefined;
}

/**
 * What is wrong with one sample's label, if anything; for sources, which check every record.
 * @param label as many numbers as the label's shape has elements
 * @param bounds as many numbers, when the label goes with bounds
 */
export function faultOfLabel(
  { values, shape, bound }: LabelSpec,
  label: ArrayLike<number>,
  bounds?: ArrayLike<number>,
): Fault | undefined {
  for (let at = 0; at < label.length; at++)
    if (!isAllowed(label[at] as number, values)) return { expected: expectedOf(values), found: `${label[at]}` };
  if (values.kind === 'distribution') return faultOfSums(label, shape.at(-1) ?? 1);
  return bound ? faultOfBounds(bounds, label.length) : undefined;
}

/** Why labels do not go with a loss, if they have bounds that it would not see, or lack those that it takes. */
export function misfitOfBounds({ bound }: LabelSpec, hasBounds: boolean): (Fault & { hint: string }) | undefined {
  if (bound === hasBounds) return undefined;
  if (bound)
    return { expected: 'a column of bounds, which the loss takes', found: 'none', hint: 'name it, as bound: …' };
  return {
    expected: 'a loss that takes bounds',
    found: 'one that would take bounds for values',
    hint: "use the loss 'censored', or leave the rows with bounds out",
  };
}
