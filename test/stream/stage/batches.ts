import type { TrunklineEvent } from '../../../src/core/event.ts';
import { Flow } from '../../../src/stream/flow.ts';
import type { StreamBatch } from '../../../src/stream/item.ts';
import { fractions } from '../../contract/plan.ts';

/** A flow that grants little, so that what is held can be seen. */
export function openFlow(): Flow {
  return new Flow({
    name: 'test',
    origins: [{ source: 'test', tags: [] }],
    heads: ['tox', 'sol'],
    credit: { rows: 4, sizeBytes: 1000 },
  });
}

/**
 * A batch of four rows with an input `x` of three numbers.
 * @param labels of each head, an x where a row has one: `{ tox: 'xx..' }`
 */
export function batchOf(
  flow: Flow,
  number: number,
  labels: Readonly<Record<string, string>>,
  more: Partial<StreamBatch> = {},
): StreamBatch {
  const rows = 4;
  flow.receive({ rows, sizeBytes: rows * 12 });
  const columns = Object.entries(labels).map(([head, marks], at) => [
    head,
    {
      values: Float32Array.from(fractions(rows, number + 7 * at), Math.round),
      present: Uint8Array.from(marks, (mark) => Number(mark === 'x')),
    },
  ]);
  return {
    flow,
    epoch: 1,
    rows,
    inputs: { x: Float32Array.from(fractions(rows * 3, number + 100)) },
    labels: Object.fromEntries(columns),
    keys: Int32Array.from({ length: rows }, (_, row) => number * rows + row),
    sizeBytes: rows * 12,
    assembleMs: 0,
    ...more,
  };
}

/** Keeps events, and says how often something was compiled. */
export class Events {
  readonly seen: TrunklineEvent[] = [];
  readonly sink = (event: TrunklineEvent): void => {
    this.seen.push(event);
  };
  count(type: TrunklineEvent['type']): number {
    return this.seen.filter((event) => event.type === type).length;
  }
}
