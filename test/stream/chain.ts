import fc from 'fast-check';
import type { Observable } from 'rxjs';
import { batch } from '../../src/stream/batch.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import { interleave } from '../../src/stream/interleave.ts';
import type { StreamBatch, StreamChunk } from '../../src/stream/item.ts';
import { keep } from '../../src/stream/keep.ts';
import { reservoir } from '../../src/stream/reservoir.ts';
import { route } from '../../src/stream/route.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import type { StreamState } from '../../src/stream/state.ts';
import { chunkSizes, SampleSource } from './sample.ts';

type Step =
  | { readonly type: 'shuffle'; readonly rows: number; readonly seed: number; readonly sizeBytes?: number }
  | { readonly type: 'keep'; readonly every: number }
  | { readonly type: 'route' }
  | { readonly type: 'reservoir'; readonly rowsPerHead: number; readonly share: number; readonly seed: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record(
    {
      type: fc.constant('shuffle' as const),
      rows: fc.integer({ min: 1, max: 40 }),
      seed: fc.integer({ min: 0, max: 9 }),
      sizeBytes: fc.integer({ min: 200, max: 3000 }),
    },
    { requiredKeys: ['type', 'rows', 'seed'] },
  ),
  fc.record({ type: fc.constant('keep' as const), every: fc.integer({ min: 2, max: 5 }) }),
  fc.constant({ type: 'route' as const }),
  fc.record({
    type: fc.constant('reservoir' as const),
    rowsPerHead: fc.integer({ min: 1, max: 6 }),
    share: fc.constantFrom(0.1, 0.5, 0.7),
    seed: fc.integer({ min: 0, max: 9 }),
  }),
);

/** A random stream: one source or two that are joined, operators, batches. */
export interface ChainPlan {
  readonly sources: readonly { readonly rows: number; readonly epochs: number; readonly steps: readonly Step[] }[];
  readonly steps: readonly Step[];
  readonly batchRows: number;
  readonly quota: Readonly<Record<string, number>>;
  readonly keepUnlabelled: boolean;
  readonly bad: number;
  /** Rows of credit. */
  readonly credit: number;
}

const steps = (maxLength: number): fc.Arbitrary<readonly Step[]> => fc.array(step, { maxLength });

export const chains: fc.Arbitrary<ChainPlan> = fc.record({
  sources: fc.array(
    fc.record({ rows: fc.integer({ min: 0, max: 90 }), epochs: fc.integer({ min: 1, max: 3 }), steps: steps(1) }),
    { minLength: 1, maxLength: 2 },
  ),
  steps: steps(3),
  batchRows: fc.integer({ min: 2, max: 12 }),
  quota: fc.constantFrom<Readonly<Record<string, number>>>({}, { rare: 2 }, { 'r*': 2, b: 2 }),
  keepUnlabelled: fc.boolean(),
  bad: fc.constantFrom(0, 7),
  credit: fc.integer({ min: 1, max: 50 }),
});

export { chunkSizes };

function operatorOf(plan: Step) {
  if (plan.type === 'shuffle') {
    const { type, ...options } = plan;
    return shuffle(options);
  }
  if (plan.type === 'keep') return keep(({ keys }, row) => (keys[row] as number) % plan.every !== 0);
  if (plan.type === 'route')
    return route([{ where: ({ keys }, row) => (keys[row] as number) % 4 === 1, heads: 'a|rare' }]);
  const { type, ...options } = plan;
  return reservoir(options);
}

const through = (samples$: Observable<StreamChunk>, steps: readonly Step[]): Observable<StreamChunk> =>
  steps.reduce((stream$, plan) => stream$.pipe(operatorOf(plan)), samples$);

export interface BuildOptions {
  readonly chunks: readonly number[];
  readonly slow?: boolean;
  readonly restore?: StreamState | undefined;
}

/** The stream of a plan, and its sources. */
export function build(
  plan: ChainPlan,
  { chunks, slow = false, restore }: BuildOptions,
): { readonly batches$: Observable<StreamBatch>; readonly sources: readonly SampleSource[] } {
  const restored = restore ? { restore } : {};
  const sources = plan.sources.map(
    ({ rows }, at) =>
      new SampleSource({
        name: `source${at}`,
        rows,
        chunks,
        salt: 1 + 10 * at,
        slow,
        bad: (row) => plan.bad > 0 && row % plan.bad === 3,
      }),
  );
  const parts = plan.sources.map(({ epochs, steps: own }, at) =>
    through(fromSource(sources[at] as SampleSource, { epochs, rows: plan.credit, ...restored }), own),
  );
  const [only] = parts as [Observable<StreamChunk>];
  const joined$ =
    parts.length === 1
      ? only
      : interleave(
          parts.map((samples$, at) => ({ samples$, weight: 1 + at })),
          { seed: 3, ...restored },
        );
  const { batchRows: rows, quota, keepUnlabelled } = plan;
  return { batches$: through(joined$, plan.steps).pipe(batch({ rows, quota, keepUnlabelled })), sources };
}
