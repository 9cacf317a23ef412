import { ConfigError, ShapeError } from '../core/error.ts';
import { type Head, placeOf } from './head.ts';
import type { LabelledRows } from './metric.ts';

/** The number of the largest of `width` numbers; the first of those that are equal. */
export function largest(numbers: ArrayLike<number>, start: number, width: number): number {
  let best = 0;
  for (let at = 1; at < width; at++) if ((numbers[start + at] as number) > (numbers[start + best] as number)) best = at;
  return best;
}

/** The true class: its number, or the most probable of a distribution. */
export function classOf({ label }: LabelledRows, at: number, { labelWidth }: Head): number {
  return labelWidth === 1 ? (label[at] as number) : largest(label, at * labelWidth, labelWidth);
}

/** Whether a label says yes: from ½ on for probabilities; above 0 for scores, whose noes may be 0 or −1. */
export function isYes(label: number, { prediction }: Head): boolean {
  return prediction === 'score' ? label > 0 : label >= 0.5;
}

/**
 * @throws ShapeError when the arrays are not as long as the rows ask for
 * @throws ConfigError when a label is no finite number or no class of the head, or a weight is below 0 or not finite
 */
export function checkRows(head: Head, { rows, prediction, label, weight }: LabelledRows): void {
  const place = placeOf(head);
  const checkLength = (name: string, values: ArrayLike<number>, perRow: number): void => {
    if (values.length === rows * perRow) return;
    const expected = `${rows * perRow} ${name} in ${rows} rows`;
    throw new ShapeError({ where: place, expected, found: `${values.length}` });
  };
  checkLength('predicted numbers', prediction, head.width * head.perRow);
  checkLength('labels', label, head.labelWidth * head.perRow);
  if (weight) checkLength('weights', weight, 1);

  const isClass = head.prediction === 'distribution' && head.labelWidth === 1;
  const fits = isClass
    ? (value: number) => Number.isInteger(value) && value >= 0 && value < head.width
    : (value: number) => Number.isFinite(value);
  const badLabel = label.findIndex((value) => !fits(value));
  if (badLabel >= 0)
    throw new ConfigError({
      where: place,
      expected: isClass ? `labels that are whole numbers in [0, ${head.width - 1}]` : 'labels that are finite',
      found: `${label[badLabel]} in row ${Math.floor(badLabel / head.labelWidth / head.perRow)}`,
    });
  const badWeight = weight?.findIndex((value) => !(Number.isFinite(value) && value >= 0)) ?? -1;
  if (badWeight >= 0)
    throw new ConfigError({
      where: place,
      expected: 'weights of at least 0',
      found: `${weight?.[badWeight]} in row ${badWeight}`,
    });
}
