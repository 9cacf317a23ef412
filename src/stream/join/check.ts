import type { Chunk } from '../../core/chunk.ts';
import { ConfigError } from '../../core/error.ts';
import type { Flow } from '../flow.ts';
import type { Side } from './sides.ts';

/** @throws ConfigError when no label can come of a stream */
export function checkLabels({ name, heads, mayHaveNewHeads }: Flow): void {
  if (heads.length > 0 || mayHaveNewHeads) return;
  throw new ConfigError({
    where: `join, source '${name}'`,
    expected: 'labels of one head or more',
    found: 'a source without labels',
  });
}

/** @throws ConfigError when rows can't be found again */
export function checkIds({ ids }: Chunk, side: Side): void {
  if (ids) return;
  throw new ConfigError({
    where: `join.${side}`,
    expected: 'ids, by which labels find their sample',
    found: 'rows without',
    hint: 'say which column has them: id: <column>',
  });
}
