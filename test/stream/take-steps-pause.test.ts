import { from, lastValueFrom, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import type { Batch } from '../../src/step/batch.ts';
import { Flow } from '../../src/stream/flow.ts';
import type { StreamBatch } from '../../src/stream/item.ts';
import { takeSteps } from '../../src/stream/take-steps.ts';

const flow = new Flow({
  name: 'train',
  origins: [],
  heads: ['a'],
  credit: { rows: 100, sizeBytes: 100 },
});

function batch(key: number, rest: Partial<StreamBatch> = {}): StreamBatch {
  const labels = { a: { values: Float32Array.of(1), present: Uint8Array.of(1) } };
  const own = { rows: 1, inputs: {}, labels, keys: Int32Array.of(key), sizeBytes: 1, assembleMs: 0, epoch: 1, flow };
  flow.receive({ rows: 1, sizeBytes: 1 });
  return { ...own, ...rest };
}

test('at the end of an epoch nothing is begun before the pause has ended', async () => {
  const log: string[] = [];
  const wait = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const take = async ({ keys }: Batch): Promise<never> => {
    log.push(`begin ${keys?.[0]}`);
    await wait();
    log.push(`end ${keys?.[0]}`);
    return { heads: { a: {} }, rejected: {}, assembleMs: 0 } as never;
  };
  const pause = async (): Promise<void> => {
    log.push('pause');
    await wait();
    await wait();
    log.push('resume');
  };
  const batches = [batch(1), batch(2, { epochEnd: 1 }), batch(3), batch(4, { epochEnd: 2 }), batch(5), batch(6)];
  await lastValueFrom(from(batches).pipe(takeSteps({ take }, { pause }), toArray()));
  expect(log).toEqual([
    ...['begin 1', 'begin 2', 'end 1', 'end 2', 'pause', 'resume'],
    ...['begin 3', 'begin 4', 'end 3', 'end 4', 'pause', 'resume'],
    ...['begin 5', 'begin 6', 'end 5', 'end 6'],
  ]);
});
