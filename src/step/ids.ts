import type { Column } from '../core/column.ts';
import type { TypedArray } from '../core/dtype.ts';
import type { Issue } from '../core/error.ts';
import type { ModelInput } from '../model/spec.ts';

/**
 * The first number of an input that its embedding has no row for: native code would read elsewhere, or say so in words
 * of its own.
 * @param given rows of the input
 * @param size numbers of a row, after it was filled up
 */
export function issueOfIds({ name, ids }: ModelInput, given: TypedArray | Column, size: number): Issue | undefined {
  if (ids === undefined) return undefined;
  const issue = (where: string, found: number | bigint): Issue => ({
    where: `input '${name}', ${where}`,
    expected: `ids from 0 to ${ids - 1}: its embedding has ${ids}`,
    found: `${found}`,
    hint: 'give the embedding a larger inputDim, or unknown ids one that it has',
  });
  const { values, first, end, rowOf } = idsOf(given, size);
  for (let at = first; at < end; at++) {
    const id = values[at] as number;
    if (!(id >= 0 && id < ids)) return issue(`row ${rowOf(at)}`, id);
  }
  if (!('kind' in given) || given.kind !== 'sequence' || (given.padding >= 0 && given.padding < ids)) return undefined;
  const { starts, padding } = given;
  const short = starts.findIndex((start, row) => row > 0 && start - (starts[row - 1] as number) < size);
  return short === -1 ? undefined : issue(`padding of row ${short - 1}`, padding);
}

interface Ids {
  readonly values: TypedArray;
  readonly first: number;
  readonly end: number;
  rowOf(at: number): number;
}

function idsOf(given: TypedArray | Column, size: number): Ids {
  const whole = (values: TypedArray): Ids => ({
    values,
    first: 0,
    end: values.length,
    rowOf: (at) => Math.floor(at / size),
  });
  if (!('kind' in given)) return whole(given);
  if (given.kind === 'dense') return whole(given.values);
  // A row of zeros and ones is made of places, and says nothing of ids.
  if (given.kind === 'multiHot') return { ...whole(given.places), end: 0 };
  const { starts, values } = given;
  const [first = 0] = starts;
  return { values, first, end: starts.at(-1) ?? first, rowOf: (at) => starts.findIndex((start) => start > at) - 1 };
}
