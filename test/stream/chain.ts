import fc from 'fast-check';
import { defer, type Observable, tap } from 'rxjs';
import { batch } from '../../src/stream/batch.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import { interleave } from '../../src/stream/interleave.ts';
import type { StreamBatch, StreamChunk } from '../../src/stream/item.ts';
import { join } from '../../src/stream/join.ts';
import { keep } from '../../src/stream/keep.ts';
import { reservoir } from '../../src/stream/reservoir.ts';
import { route } from '../../src/stream/route.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import type { StreamState } from '../../src/stream/state.ts';
import { newFolder } from './folder.ts';
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

/** How two sources become one stream: rows of both, or samples of one with labels of the other. */
type Meeting =
  | { readonly type: 'interleave' }
  | {
      readonly type: 'join';
      readonly isTimed: boolean;
      readonly ttlMs: number;
      readonly maxItems: number;
      readonly maxBytes: number;
      readonly onLate: 'train' | 'drop';
    };

const joining: fc.Arbitrary<Meeting> = fc.record({
  type: fc.constant('join' as const),
  isTimed: fc.boolean(),
  ttlMs: fc.constantFrom(50, 300, 5_000),
  maxItems: fc.constantFrom(5, 20, 1_000),
  maxBytes: fc.constantFrom(2_000, 10_000, 1e9),
  onLate: fc.constantFrom('train', 'drop'),
});

const meeting: fc.Arbitrary<Meeting> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ type: 'interleave' as const }) },
  { weight: 1, arbitrary: joining },
);

/** A random stream: one source or two that meet, operators, batches. */
export interface ChainPlan {
  readonly sources: readonly { readonly rows: number; readonly epochs: number; readonly steps: readonly Step[] }[];
  readonly meeting: Meeting;
  readonly steps: readonly Step[];
  readonly batchRows: number;
  readonly quota: Readonly<Record<string, number>>;
  readonly keepUnlabelled: boolean;
  readonly bad: number;
  /** What each source reads ahead. */
  readonly credit: { readonly rows: number; readonly sizeBytes: number };
}

const steps = (maxLength: number): fc.Arbitrary<readonly Step[]> => fc.array(step, { maxLength });

export const chains: fc.Arbitrary<ChainPlan> = fc.record({
  sources: fc.array(
    fc.record({ rows: fc.integer({ min: 0, max: 90 }), epochs: fc.integer({ min: 1, max: 3 }), steps: steps(1) }),
    { minLength: 1, maxLength: 2 },
  ),
  meeting,
  steps: steps(3),
  batchRows: fc.integer({ min: 2, max: 12 }),
  quota: fc.constantFrom<Readonly<Record<string, number>>>({}, { rare: 2 }, { 'r*': 2, b: 2 }),
  keepUnlabelled: fc.boolean(),
  bad: fc.constantFrom(0, 7),
  credit: fc.record({
    rows: fc.integer({ min: 1, max: 50 }),
    sizeBytes: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.constant(1e9)),
  }),
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

export interface BuildOptions {
  readonly chunks: readonly number[];
  readonly slow?: boolean;
  readonly restore?: StreamState | undefined;
  /** Folder of what waits to be joined; one of its own when left out. */
  readonly directory?: string;
  /** Sees every item that goes from one operator to the next. */
  readonly see?: (item: StreamChunk) => void;
}

/** The stream of a plan, and its sources. */
export function build(
  plan: ChainPlan,
  { chunks, slow = false, restore, directory, see = () => {} }: BuildOptions,
): { readonly batches$: Observable<StreamBatch>; readonly sources: readonly SampleSource[] } {
  const restored = restore ? { restore } : {};
  const { meeting, credit, batchRows: rows, quota, keepUnlabelled } = plan;
  const isJoin = meeting.type === 'join' && plan.sources.length > 1;
  const sources = plan.sources.map(
    (source, at) =>
      new SampleSource({
        name: `source${at}`,
        rows: source.rows,
        chunks,
        salt: 1 + 10 * at,
        slow,
        bad: (row) => plan.bad > 0 && row % plan.bad === 3,
        isTimed: isJoin && meeting.isTimed,
        isLabels: isJoin && at === 1,
      }),
  );
  const through = (samples$: Observable<StreamChunk>, steps: readonly Step[]): Observable<StreamChunk> =>
    steps.reduce((stream$, step) => stream$.pipe(operatorOf(step), tap(see)), samples$.pipe(tap(see)));
  const meet = (parts: readonly Observable<StreamChunk>[]): Observable<StreamChunk> => {
    const [one, other] = parts as [Observable<StreamChunk>, Observable<StreamChunk>?];
    if (!other) return one;
    if (meeting.type === 'interleave') {
      const weighted = parts.map((samples$, at) => ({ samples$, weight: 1 + at }));
      return interleave(weighted, { seed: 3, ...restored });
    }
    const { type, isTimed, ...options } = meeting;
    return defer(() => join(one, other, { directory: directory ?? newFolder(), ...options, ...restored }));
  };
  const parts = plan.sources.map(({ epochs, steps: own }, at) =>
    through(fromSource(sources[at] as SampleSource, { epochs, ...credit, ...restored }), own),
  );
  return { batches$: through(meet(parts), plan.steps).pipe(batch({ rows, quota, keepUnlabelled })), sources };
}
