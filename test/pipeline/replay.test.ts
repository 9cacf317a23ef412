import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/clock.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { assemble } from '../../src/pipeline/assemble.ts';
import { loadPipeline } from '../../src/pipeline/load.ts';
import { probe } from '../../src/pipeline/probe.ts';
import type { SampleSource } from '../../src/source/index.ts';
import type { StreamState } from '../../src/stream/state.ts';
import { plain, turn } from '../stream/sample.ts';
import { ownFolder, ownYaml } from './own.ts';

trunklineBackend();

const yaml = ownYaml.replace(
  '    type: csv\n    path: "${FOLDER}/own.csv"\n',
  '    type: replay\n    source: { type: csv, path: "${FOLDER}/own.csv" }\n    rowsPerSecond: 50\n',
);

test('a pipeline is trained on a file at a given speed, goes on in its middle, and learns features without waiting', async () => {
  const { folder, file } = ownFolder(yaml.replace('epochs: 2', 'epochs: 1'));
  const clock = new ManualClock();
  const pipeline = await assemble(await loadPipeline(file, { FOLDER: folder }), { clock });
  const source = pipeline.sources.get('train') as SampleSource;
  expect(await source.files()).toEqual([`${folder}/own.csv`]);
  expect(await probe(source, 1000)).toMatchObject({ samples: 200, whole: true });
  expect(clock.monotonicMs()).toBe(0);

  /** The batches from a state on, when each came, and the state after the one of that number. */
  const run = async (restore?: StreamState, captured?: number) => {
    const batches: { readonly batch: unknown; readonly atMs: number }[] = [];
    const found: StreamState[] = [];
    const beginMs = clock.monotonicMs();
    let isDone = false;
    pipeline.batches(restore ? { restore } : {}).subscribe({
      next: (batch) => {
        if (batch.rows === 0) return;
        batches.push({ batch: plain(batch), atMs: clock.monotonicMs() - beginMs });
        batch.flow.finish('trained', batch.rows);
        if (batches.length === captured) found.push(batch.flow.state());
      },
      complete: () => {
        isDone = true;
      },
    });
    // Time stands still while something else is waited for.
    while (!isDone) await (clock.sleeping > 0 ? clock.advance(20) : turn());
    return { batches, state: found[0] };
  };
  const whole = await run(undefined, 3);
  const rest = await run(whole.state);
  const only = ({ batches }: typeof whole): unknown[] => batches.map(({ batch }) => batch);
  expect(only(rest)).toEqual(only(whole).slice(3));
  // 200 rows, one in 20 ms, of which two come together; the last batches wait for the last rows.
  expect(whole.batches.at(-1)?.atMs).toBe(198 * 20);
  expect(rest.batches.at(-1)?.atMs).toBeLessThan(whole.batches.at(-1)?.atMs as number);
});
