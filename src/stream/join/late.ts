import type { Chunk, LabelColumn, Rejected } from '../../core/chunk.ts';

/** A label that came when its sample's time was over, for the dead letters: with its value. */
export function lateLabel(
  { labels }: Chunk,
  row: number,
  head: string,
  id: string,
  ttlMs: number,
): Rejected & { readonly head: string } {
  const { values, present } = labels[head] as LabelColumn;
  const size = values.length / present.length;
  const numbers = Array.from(values.subarray(row * size, (row + 1) * size), Number);
  return {
    reason: 'late',
    head,
    id,
    issue: {
      where: `label of '${head}' of sample '${id}'`,
      expected: `one within ${ttlMs} ms of its sample`,
      found: 'one that came later',
    },
    record: { id, [head]: size === 1 ? (numbers[0] as number) : numbers },
  };
}
