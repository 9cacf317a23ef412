import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { lastValueFrom, type Observable, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import type { Reading, Source } from '../../src/source/source.ts';
import { batch } from '../../src/stream/batch.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import { interleave } from '../../src/stream/interleave.ts';
import type { StreamChunk } from '../../src/stream/item.ts';
import { join } from '../../src/stream/join.ts';
import { keep } from '../../src/stream/keep.ts';
import { reservoir } from '../../src/stream/reservoir.ts';
import { route } from '../../src/stream/route.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import { takeSteps } from '../../src/stream/take-steps.ts';
import { newFolder } from './folder.ts';
import { SlowTaker } from './sample.ts';

// A test file has a process of its own: nothing else comes and goes there.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that can't be freed: objects, and what is outside of the heap. */
function heldBytes(): number {
  collect();
  // What the first collection found in buffers is given back by the next one.
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface SingleRows {
  readonly name: string;
  readonly rows: number;
  /** Numbers in a row. */
  readonly size: number;
  readonly heads: readonly string[];
  readonly idOf?: (row: number) => string;
}

/** A source with a row in each chunk, which never has to be waited for. */
class SingleRowSource implements Source {
  readonly name: string;
  readonly replayable = true;
  readonly inputs = {};
  readonly heads: readonly string[];
  readonly #options: SingleRows;
  rowsRead = 0;

  constructor(options: SingleRows) {
    this.name = options.name;
    this.heads = options.heads;
    this.#options = options;
  }

  async *read(): AsyncGenerator<Reading> {
    while (this.rowsRead < this.#options.rows) {
      const chunk = this.#chunk(this.rowsRead++);
      yield { chunk, rejected: [], position: this.rowsRead };
    }
  }

  #chunk(row: number): Chunk {
    const { size, idOf } = this.#options;
    const label = () => ({ values: new Float32Array(1), present: Uint8Array.of(1) });
    return {
      rows: 1,
      inputs: size > 0 ? { x: { kind: 'dense', size, values: new Float32Array(size) } } : {},
      labels: Object.fromEntries(this.heads.map((head) => [head, label()])),
      keys: Int32Array.of(row),
      ...(idOf ? { ids: [idOf(row)] } : {}),
    };
  }
}

interface Seen {
  /** What was held, measured every so many steps. */
  readonly heldBytes: readonly number[];
  /** Rows that were read and not trained on, at most. */
  readonly mostPending: number;
  /** Rows that were trained on once. */
  readonly trained: number;
}

/** Takes steps that are slower than reading. */
async function slowSteps(
  samples$: Observable<StreamChunk>,
  sources: readonly SingleRowSource[],
  everySteps: number,
): Promise<Seen> {
  const held: number[] = [];
  let [steps, mostPending, trained] = [0, 0, 0];
  const steps$ = samples$.pipe(
    batch({ rows: 64 }),
    takeSteps(new SlowTaker()),
    tap((item) => {
      if ('epochEnd' in item) return;
      trained = item.batch.flow.counts().outcomes.trained;
      mostPending = Math.max(mostPending, sources.reduce((sum, { rowsRead }) => sum + rowsRead, 0) - trained);
      if (++steps % everySteps === 0) held.push(heldBytes());
    }),
  );
  await lastValueFrom(steps$);
  return { heldBytes: held, mostPending, trained };
}

/** Nothing was added after the first measurement but what comes and goes. */
function expectFlat([first = 0, ...later]: readonly number[], allowedBytes: number): void {
  expect(later.length).toBeGreaterThanOrEqual(8);
  expect(Math.max(...later) - first).toBeLessThan(allowedBytes);
}

const heads = ['a'];

describe('memory', () => {
  it('is flat over 1,000,000 chunks', async () => {
    const source = new SingleRowSource({ name: 'one', rows: 1_000_000, size: 16, heads });
    const seen = await slowSteps(fromSource(source, { rows: 64 }).pipe(shuffle({ rows: 256 })), [source], 1500);
    expect(seen.trained).toBe(1_000_000);
    // Read ahead, the window, a batch that is being put together, two under way; and one for which reading went on.
    expect(seen.mostPending).toBeLessThanOrEqual(64 + 256 + 64 + 2 * 64 + 64);
    // 5 bytes for each chunk that came later would be more.
    expectFlat(seen.heldBytes, 4 * 2 ** 20);
  }, 300_000);

  it('is flat where streams are joined, routed, and kept for later', async () => {
    const [rows, size] = [60_000, 256];
    const one = new SingleRowSource({ name: 'one', rows, size, heads });
    const other = new SingleRowSource({ name: 'other', rows, size, heads });
    const routed$ = fromSource(one, { rows: 64 }).pipe(
      keep(() => true),
      route([{ heads: '*' }]),
    );
    const shuffled$ = fromSource(other, { rows: 64 }).pipe(shuffle({ rows: 256 }));
    const samples$ = interleave([{ samples$: routed$ }, { samples$: shuffled$ }]).pipe(
      reservoir({ rowsPerHead: 64, share: 0.1 }),
    );
    const seen = await slowSteps(samples$, [one, other], 200);
    expect(seen.trained).toBe(2 * rows);
    // As above, with two that read ahead, and what is joined.
    expect(seen.mostPending).toBeLessThanOrEqual(2 * 64 + 256 + 1024 + 64 + 2 * 64 + 2 * 64);
    // A twentieth of the rows that came later would be more.
    expectFlat(seen.heldBytes, 4 * 2 ** 20);
  }, 120_000);

  it('is flat while a join keeps on the disk what waits', async () => {
    const samples = new SingleRowSource({ name: 'samples', rows: 6_000, size: 1024, heads: [], idOf: String });
    // Each sample waits until 500 others have come.
    const idOf = (row: number): string => String(row - 500);
    const labels = new SingleRowSource({ name: 'labels', rows: 6_500, size: 0, heads, idOf });
    const joined$ = join(fromSource(samples, { rows: 64 }), fromSource(labels, { rows: 64 }), {
      directory: newFolder(),
      ttlMs: 1000,
    });
    const seen = await slowSteps(joined$, [samples], 10);
    expect(seen.trained).toBe(6_000);
    // A fifth of the rows that came later would be more.
    expectFlat(seen.heldBytes, 4 * 2 ** 20);
  }, 120_000);
});
