import { readFileSync } from 'node:fs';
import type { JournalLine } from '../../src/pipeline/run/journal.ts';

/** How often each label was trained, as `id/head`, by the journal's lines. */
export function trainedIn(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines)
    for (const [head, ids] of Object.entries((JSON.parse(line) as JournalLine).heads))
      for (const id of ids) counts.set(`${id}/${head}`, (counts.get(`${id}/${head}`) ?? 0) + 1);
  return counts;
}

export const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);
