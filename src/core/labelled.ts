import type { LabelColumn } from './chunk.ts';

/** Marks rows with a label of any of these heads with 1. @returns how many rows are not marked */
export function markLabelled(
  marks: Uint8Array,
  labels: Readonly<Record<string, LabelColumn>>,
  heads: readonly string[],
): number {
  let left = marks.reduce((count, mark) => count + 1 - mark, 0);
  for (const head of heads) {
    const present = labels[head]?.present;
    if (left === 0) return 0;
    for (let row = 0; present && row < marks.length; row++)
      if (present[row] && !marks[row]) {
        marks[row] = 1;
        left--;
      }
  }
  return left;
}
