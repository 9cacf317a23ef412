import '@tensorflow/tfjs-backend-cpu';
import { layers } from '@tensorflow/tfjs-layers';
import { concat, map, type Observable, of } from 'rxjs';
import { emptyChunk } from '../../../src/core/rows.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { batch } from '../../../src/stream/batch.ts';
import type { Flow } from '../../../src/stream/flow.ts';
import { fromSource } from '../../../src/stream/from-source.ts';
import { interleave } from '../../../src/stream/interleave.ts';
import type { StepItem, StreamBatch, StreamChunk } from '../../../src/stream/item.ts';
import { join } from '../../../src/stream/join.ts';
import { keep } from '../../../src/stream/keep.ts';
import { record } from '../../../src/stream/record.ts';
import { formOf } from '../../../src/stream/recording/form.ts';
import { Recording } from '../../../src/stream/recording.ts';
import { reservoir } from '../../../src/stream/reservoir.ts';
import { route } from '../../../src/stream/route.ts';
import { shuffle } from '../../../src/stream/shuffle.ts';
import { type Activation, branch, fork, gradientStep, mergeLosses, mse, sgd } from '../../../src/stream/stage/index.ts';
import { type StepTaker, takeSteps } from '../../../src/stream/take-steps.ts';
import { newFolder } from '../folder.ts';
import { turn } from '../sample.ts';
import { firstAside, labelsOf, missingLabels, otherRows } from './aside.ts';
import { Pushed } from './pushed.ts';

export type Out = StreamChunk | StreamBatch | StepItem;
type Items = Observable<StreamChunk>;

/** What is played to every operator. `h` is the first item, `a` and `b` have four rows each, `e` ends an epoch. */
export const scores = {
  whole: { items: 'h-a-b-e----|', leave: '', subscriptions: '^----------!' },
  empty: { items: '|', leave: '', subscriptions: '(^!)' },
  never: { items: '---', leave: '', subscriptions: '^--!' },
  error: { items: 'h-a-#', leave: '', subscriptions: '^---!' },
  early: { items: 'h-a-b-', leave: '---!', subscriptions: '^--!' },
};

export interface Case {
  readonly name: string;
  /**
   * @param flow what the items belong to; without one they begin at a source
   * @param stands whether no step ever ends
   */
  readonly apply: (items$: Items, flow?: Flow, stands?: boolean) => Observable<Out>;
  /** Whether items come out while others are received, without a turn of the event loop. */
  readonly isImmediate?: boolean;
  /** What comes out of the scores: how many rows an item has, `h` for the first item, `e` where an epoch ends without any. */
  readonly output: Readonly<Record<keyof typeof scores, string>>;
  /** Rows of the stream that it holds at most, beside one chunk. */
  readonly holds: number;
  /** How often a source is read where all of its rows are awaited; 2 when left out. */
  readonly epochs?: number;
}

export const first = (flow: Flow): StreamChunk => ({ ...emptyChunk, flow, epoch: 1 });

/** Streams are joined from their first item on, which comes at once. */
export const begun = (items$: Items, flow: Flow | undefined): Items =>
  flow ? concat(of(first(flow)), items$) : items$;

const quick: StepTaker = {
  async take({ rows }) {
    await turn();
    return { skipped: 'unlabelled', rows, rejected: {} };
  },
};
/** What takes rows, and keeps nothing. */
const recording = (): Recording => {
  const sink = { name: 'nothing', place: 0, write: turn, flush: async () => 0, truncate: turn, close: turn };
  return new Recording(sink, formOf({ inputs: {}, heads: [] }, {}, 'record'));
};
const standing: StepTaker = { take: () => new Promise(() => {}) };

/** A label in every row, so that every row has part in a step, and what the model needs. */
const labelled = map(({ inputs: { x }, ...item }: StreamChunk): StreamChunk => {
  return { ...item, inputs: x ? { x } : {}, labels: item.rows > 0 ? labelsOf(item.keys, 'a').labels : {} };
});
const selector = (batch$: Observable<Activation>) =>
  batch$.pipe(fork({ a: branch(layers.dense({ units: 1 }), mse()) }), mergeLosses());

trunklineBackend();

const through = { whole: 'h-4-4-e----|', empty: '|', never: '---', error: 'h-4-#', early: 'h-4---' };

export const cases: readonly Case[] = [
  {
    name: 'fromSource',
    apply: (items$, flow) => (flow ? fromSource(new Pushed(items$)) : items$),
    output: { ...through, whole: 'h-4-4------(e|)', empty: '(he|)', never: 'h--' },
    holds: 0,
  },
  { name: 'keep', isImmediate: true, apply: (items$) => items$.pipe(keep(() => true)), output: through, holds: 0 },
  {
    name: 'route',
    isImmediate: true,
    apply: (items$) => items$.pipe(route([{ heads: '*' }], { keepUnlabelled: true })),
    output: through,
    holds: 0,
  },
  {
    name: 'record',
    isImmediate: true,
    apply: (items$) => items$.pipe(record(recording())),
    output: through,
    holds: 0,
  },
  {
    name: 'shuffle',
    isImmediate: true,
    apply: (items$) => items$.pipe(shuffle({ rows: 6 })),
    output: { ...through, whole: 'h---2-6----|', error: 'h---#', early: 'h-----' },
    holds: 6,
  },
  {
    name: 'reservoir',
    isImmediate: true,
    apply: (items$) => items$.pipe(reservoir({ rowsPerHead: 2, share: 0 })),
    output: through,
    holds: 0,
  },
  {
    name: 'batch',
    isImmediate: true,
    apply: (items$) => items$.pipe(batch({ rows: 3, keepUnlabelled: true })),
    output: { ...through, whole: 'h-3-3-(2e)-|', error: 'h-3-#', early: 'h-3---' },
    holds: 3,
  },
  {
    name: 'interleave',
    apply: (items$, flow) =>
      interleave([
        { samples$: begun(items$, flow), weight: 3 },
        { samples$: fromSource(otherRows(), { from: firstAside }), weight: 1 },
      ]),
    output: { whole: 'h-4-5------(4e|)', empty: '(h41e|)', never: 'h--', error: 'h-4-#', early: 'h-4---' },
    holds: 1024,
  },
  {
    name: 'join',
    apply: (items$, flow) =>
      join(begun(items$, flow), fromSource(missingLabels(100)), { directory: newFolder(), ttlMs: 1000 }),
    output: { ...through, whole: 'h-4-4------(e|)', empty: '(he|)', never: 'h--' },
    holds: 1024 + 256,
    epochs: 1,
  },
  {
    name: 'takeSteps',
    apply: (items$, _, stands) =>
      items$.pipe(batch({ rows: 3, keepUnlabelled: true }), takeSteps(stands ? standing : quick)),
    output: { whole: '--3-3-(2e)-|', empty: '|', never: '---', error: '--3-#', early: '--3---' },
    holds: 3 + 2 * 3,
  },
  {
    name: 'gradientStep',
    apply: (items$, _, stands) =>
      items$.pipe(
        labelled,
        batch({ rows: 3 }),
        gradientStep(selector, {
          optimizer: sgd({ learningRate: 1e-6 }),
          engine: { type: 'tfjs-cpu' },
          ...(stands ? { onRunner: () => new Promise(() => {}) } : {}),
        }),
      ),
    output: { whole: '--3-3-2----|', empty: '|', never: '---', error: '--3-#', early: '--3---' },
    holds: 3 + 2 * 3,
  },
];
