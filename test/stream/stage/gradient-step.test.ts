import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import {
  BehaviorSubject,
  EMPTY,
  firstValueFrom,
  lastValueFrom,
  NEVER,
  type Observable,
  of,
  Subject,
  take,
  tap,
  throwError,
  toArray,
} from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { openEngine } from '../../../src/engine/index.ts';
import { fork as forkGraph, GraphModel, type ModelSpec } from '../../../src/model/index.ts';
import { samples, sources } from '../../../src/source/index.ts';
import type { StepReport } from '../../../src/step/report.ts';
import type { StepRunner } from '../../../src/step/runner.ts';
import { batch } from '../../../src/stream/batch.ts';
import { fromSource } from '../../../src/stream/from-source.ts';
import type { StreamBatch } from '../../../src/stream/item.ts';
import {
  type Activation,
  adam,
  type BranchOptions,
  bce,
  branch,
  describeSelector,
  fork,
  type GradientReport,
  type GradientStepOptions,
  gradientStep,
  heads,
  labelsOf,
  mergeLosses,
  mse,
  type Selector,
  sgd,
  sum,
  trunk,
} from '../../../src/stream/stage/index.ts';
import { compiled, eager } from '../../engine/opened.ts';
import { openRunner } from '../../step/open-runner.ts';
import { batchOf, Events, openFlow } from './batches.ts';

trunklineBackend();
beforeEach(() => {
  tf.setBackend('cpu');
});

const optimizer = sgd({ learningRate: 0.1 });
const { dense } = layers;

interface Model {
  readonly selector: Selector<'tox' | 'sol'>;
  readonly body: layers.Layer;
  readonly toxHead: layers.Layer;
  readonly solHead: layers.Layer;
}

function modelOf(tox: BranchOptions = {}, body: layers.Layer = dense({ units: 4, activation: 'tanh' })): Model {
  const [toxHead, solHead] = [dense({ units: 1 }), dense({ units: 1 })];
  const selector = (batch$: Observable<Activation>) =>
    batch$.pipe(
      trunk(body),
      fork({ tox: branch(toxHead, bce(), tox), sol: branch(solHead, mse()) }),
      mergeLosses(sum({ sol: 0.5 })),
    );
  return { selector, body, toxHead, solHead };
}

const valuesOf = (layer: layers.Layer): readonly number[] =>
  layer.getWeights().flatMap((weight) => [...weight.dataSync()]);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const three = (): readonly StreamBatch[] => {
  const flow = openFlow();
  return [{ tox: 'xx..', sol: '.xx.' }, { sol: 'xxxx' }, { tox: '..xx' }].map((labels, at) =>
    batchOf(flow, at, labels),
  );
};
const run = (
  { selector }: Model,
  batches: Observable<StreamBatch> | readonly StreamBatch[],
  options: Partial<GradientStepOptions> = {},
): Observable<GradientReport<'tox' | 'sol'>> =>
  (Array.isArray(batches) ? of(...(batches as readonly StreamBatch[])) : (batches as Observable<StreamBatch>)).pipe(
    gradientStep(selector, { optimizer, engine: eager, ...options }),
  );

describe('gradientStep', () => {
  it.each([
    { engine: eager, subscribed: 3 },
    { engine: compiled, subscribed: 0 },
  ])(
    'subscribes the selector for every batch when it is eager, and for none that it knows when compiled: $engine.type',
    async ({ engine, subscribed }) => {
      const seen: number[] = [];
      for (const rounds of [1, 2]) {
        const { selector } = modelOf();
        let answered = 0;
        const counting: typeof selector = (batch$) => selector(batch$.pipe(tap(() => answered++)));
        const flow = openFlow();
        const patterns = [{ tox: 'xx..', sol: '.xx.' }, { sol: 'xxxx' }, { tox: '..xx' }];
        const batches = Array.from({ length: 3 * rounds }, (_, at) => batchOf(flow, at, patterns[at % 3] ?? {}));
        await lastValueFrom(run({ ...modelOf(), selector: counting }, batches, { engine }));
        seen.push(answered);
      }
      expect((seen[1] as number) - (seen[0] as number)).toBe(subscribed);
    },
  );

  it.each([eager, compiled])('says where the time went, on $type', async (engine) => {
    const begin = performance.now();
    const reports = await lastValueFrom(run(modelOf(), three(), { engine }).pipe(toArray()));
    const elapsedMs = performance.now() - begin;
    const steps = reports.filter((report) => 'computeMs' in report);
    expect(steps).toHaveLength(3);
    const sum = (of: 'assembleMs' | 'computeMs' | 'updateMs') => steps.reduce((total, step) => total + step[of], 0);
    for (const stage of ['assembleMs', 'computeMs', 'updateMs'] as const) expect(sum(stage)).toBeGreaterThan(0);
    expect(sum('computeMs') + sum('updateMs')).toBeLessThanOrEqual(elapsedMs);
  });

  it.each([eager, compiled])('trains as a graph does, on $type', async (engine) => {
    const model = modelOf();
    const reports = await lastValueFrom(run(model, three(), { engine, fuse: false }).pipe(toArray()));
    const graph = new GraphModel();
    const trunkOf = graph.input('x', [3]).add(dense({ units: 4, activation: 'tanh' }));
    const [tox, sol] = forkGraph(trunkOf, ['tox', 'sol']);
    graph.output('tox', tox.add(dense({ units: 1 })), { loss: 'binaryCrossentropy' });
    graph.output('sol', sol.add(dense({ units: 1 })), { loss: 'meanSquaredError', weight: 0.5 });
    const opened = await openEngine(engine);
    const runner = await openRunner(graph.describe(), opened, { optimizer, fuse: false, seed: 0 });
    for (const [at, batch] of three().entries()) {
      const { step, loss, heads: expected } = (await runner.take(batch)) as StepReport;
      const found = reports[at] as GradientReport;
      // On the eager engine one is the selector, the other the model: they add in another order.
      expect(found).toMatchObject({ step, rows: 4, loss: expect.closeTo(loss, 5) });
      for (const [head, own] of Object.entries(expected))
        expect(found.heads[head]).toEqual({ ...own, loss: expect.closeTo(own.loss, 5) });
      expect(Object.keys(found.heads)).toEqual(Object.keys(batch.labels));
    }
    const kernel = runner.state().arrays['parameter/x/dense/kernel'] as Float32Array;
    const expected = [...kernel].map((value) => expect.closeTo(value, 5));
    await runner.close();
    await opened.close();
    expect(valuesOf(model.body).slice(0, 12)).toEqual(expected);
  });

  it('has given the layers what was learned when it completes, and closed the engine', async () => {
    const [model, events] = [modelOf(), new Events()];
    let closedWith: readonly number[] = [];
    let runner: StepRunner | undefined;
    const options = {
      engine: compiled,
      events: events.sink,
      onRunner: (opened: StepRunner) => {
        runner = opened;
        closedWith = valuesOf(model.toxHead);
      },
      onClose: () => {
        expect(valuesOf(model.toxHead)).not.toEqual(closedWith);
        closedWith = valuesOf(model.toxHead);
      },
    };
    await lastValueFrom(run(model, three(), options));
    expect(valuesOf(model.toxHead)).toEqual(closedWith);
    await expect(runner?.predict(1, { x: new Float32Array(3) })).rejects.toThrow('found');
    // A second subscription goes on from there.
    const [first] = await lastValueFrom(run(model, three(), { engine: compiled }).pipe(toArray()));
    const [fresh] = await lastValueFrom(run(modelOf(), three(), { engine: compiled }).pipe(toArray()));
    expect(first?.loss).toBeLessThan(fresh?.loss as number);
  });

  it('completes when there is nothing', async () => {
    await expect(lastValueFrom(run(modelOf(), EMPTY).pipe(toArray()))).resolves.toEqual([]);
  });

  it('waits while nothing comes, and opens nothing', async () => {
    const events = new Events();
    let closed = 0;
    const subscription = run(modelOf(), NEVER, { events: events.sink, onClose: () => closed++ }).subscribe(() =>
      expect.unreachable(),
    );
    await settled();
    subscription.unsubscribe();
    await settled();
    expect([events.seen, closed]).toEqual([[], 0]);
  });

  it('hands on an error once the steps before it were reported', async () => {
    const [flow, seen] = [openFlow(), [] as number[]];
    const batches$ = new Subject<StreamBatch>();
    const ended = new Promise<unknown>((resolve) => {
      run(modelOf(), batches$).subscribe({ next: ({ step }) => seen.push(step), error: resolve });
    });
    batches$.next(batchOf(flow, 0, { tox: 'xxxx' }));
    batches$.error(new Error('the medium failed'));
    expect(await ended).toEqual(new Error('the medium failed'));
    expect(seen).toEqual([1]);
  });

  it('stops when nobody listens any more: the source is left, the layers have what was learned, the engine is closed', async () => {
    const [model, flow, batches$] = [modelOf(), openFlow(), new Subject<StreamBatch>()];
    const before = valuesOf(model.body);
    const closed = new Promise<void>((resolve) => {
      const report$ = run(model, batches$, { engine: compiled, onClose: () => resolve() });
      report$.pipe(take(1)).subscribe();
    });
    expect(batches$.observed).toBe(true);
    for (let at = 0; at < 4; at++) batches$.next(batchOf(flow, at, { tox: 'xxxx' }));
    await closed;
    expect(batches$.observed).toBe(false);
    expect(valuesOf(model.body)).not.toEqual(before);
  });

  it('waits with a new subscription for the end of the one before', async () => {
    const [model, flow, batches$] = [modelOf(), openFlow(), new Subject<StreamBatch>()];
    const order: string[] = [];
    const options = { onRunner: () => void order.push('opened'), onClose: () => void order.push('closed') };
    const report$ = run(model, batches$, options);
    const first = firstValueFrom(report$);
    batches$.next(batchOf(flow, 0, { tox: 'xxxx' }));
    await first;
    const second = firstValueFrom(report$);
    batches$.next(batchOf(flow, 1, { tox: 'xxxx' }));
    await second;
    await settled();
    expect(order).toEqual(['opened', 'closed', 'opened', 'closed']);
  });

  it('takes batches that come of its own reports', async () => {
    const [flow, batches$, seen] = [openFlow(), new Subject<StreamBatch>(), [] as number[]];
    await new Promise<void>((resolve) => {
      run(modelOf(), batches$).subscribe({
        next({ step }) {
          seen.push(step);
          if (step === 3) batches$.complete();
          else batches$.next(batchOf(flow, step, { tox: 'xxxx' }));
        },
        complete: resolve,
      });
      batches$.next(batchOf(flow, 0, { tox: 'xxxx' }));
    });
    expect(seen).toEqual([1, 2, 3]);
  });

  it('asks for no more than two batches at a time', async () => {
    const [flow, batches$] = [openFlow(), new Subject<StreamBatch>()];
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const done = lastValueFrom(run(modelOf(), batches$, { onRunner: () => held }).pipe(toArray()));
    let sent = 0;
    while (flow.wanted && sent < 20) batches$.next(batchOf(flow, sent++, { tox: 'xxxx' }));
    // One batch of credit, and two that are under way.
    expect(sent).toBe(3);
    release();
    await flow.untilWanted();
    batches$.complete();
    expect(await done).toHaveLength(3);
    expect(flow.counts()).toMatchObject({ received: 12, pending: 0, outcomes: { trained: 12 } });
  });

  it('lets all who listen hear the same steps', async () => {
    const report$ = run(modelOf(), three());
    const { tox, sol } = heads(report$);
    const [all, ofTox, ofSol] = await Promise.all(
      [report$, tox, sol].map((of$) => lastValueFrom((of$ as Observable<object>).pipe(toArray()))),
    );
    const reports = all as readonly GradientReport[];
    expect(ofTox).toEqual([reports[0]?.heads.tox, reports[2]?.heads.tox]);
    expect(ofSol).toEqual([reports[0]?.heads.sol, reports[1]?.heads.sol]);
  });

  it('tells of batches that moved nothing', async () => {
    const [flow, skipped] = [openFlow(), [] as unknown[]];
    const batches = [batchOf(flow, 0, { tox: '....' }), batchOf(flow, 1, { tox: 'xx..' })];
    const reports = await lastValueFrom(
      run(modelOf(), batches, { onSkipped: (of) => skipped.push(of) }).pipe(toArray()),
    );
    expect(reports.map(({ step }) => step)).toEqual([1]);
    expect(skipped).toMatchObject([{ skipped: 'unlabelled', rows: 4, rejected: {} }]);
    expect(flow.counts().outcomes).toMatchObject({ trained: 2, unlabelled: 6 });
  });

  it('goes on from a state that it was given before the first step', async () => {
    const [first, second, third] = three() as [StreamBatch, StreamBatch, StreamBatch];
    const whole = await lastValueFrom(run(modelOf(), [first, second, third], { optimizer: adam() }).pipe(toArray()));
    let runner: StepRunner | undefined;
    let state: ReturnType<StepRunner['state']> | undefined;
    const keep = async (opened: StepRunner): Promise<void> => {
      runner = opened;
    };
    const [one, two, three_] = three() as [StreamBatch, StreamBatch, StreamBatch];
    const pause = async (): Promise<void> => {
      const { arrays, ...rest } = (runner as StepRunner).state();
      const copied = Object.entries(arrays).map(([name, values]) => [name, values.slice()]);
      state = { ...rest, arrays: Object.fromEntries(copied) };
    };
    const options = { optimizer: adam(), onRunner: keep, pause };
    await lastValueFrom(run(modelOf(), [one, { ...two, epochEnd: 1 }], options));
    const restore = async (opened: StepRunner): Promise<void> => {
      await settled();
      opened.restore(state as NonNullable<typeof state>);
    };
    const rest = await lastValueFrom(
      run(modelOf(), [three_], { optimizer: adam(), onRunner: restore }).pipe(toArray()),
    );
    expect(rest.map(({ step, loss, heads: of }) => ({ step, loss, of }))).toEqual(
      whole.slice(2).map(({ step, loss, heads: of }) => ({ step, loss, of })),
    );
  });

  it('knows from the source what shape an input has', async () => {
    const table = sources.build(
      {
        type: 'memory',
        data: Array.from({ length: 8 }, (_, row) => ({ image: [row, 1, 2, 3], tox: row < 6 ? row % 2 : row })),
      },
      { name: 'images' },
      'images',
    );
    const features = { image: { tensor: [2, 2, 1] } };
    const all = await samples(table, { features, labels: { tox: {} } });
    let spec: ModelSpec | undefined;
    const selector = (batch$: Observable<Activation>) =>
      batch$.pipe(
        trunk(layers.conv2d({ filters: 2, kernelSize: 2 }), layers.flatten()),
        fork({ tox: branch(dense({ units: 1 }), bce()) }),
        mergeLosses(),
      );
    // Of the eight rows two have labels that a yes or no does not take.
    const source = all.withLabels(labelsOf(describeSelector(selector, all.inputs)));
    const onClose = (of: ModelSpec): void => {
      spec = of;
    };
    const options = { optimizer, engine: eager, onClose };
    const report$ = fromSource(source, { epochs: 2 }).pipe(batch({ rows: 4 }), gradientStep(selector, options));
    const reports = await lastValueFrom(report$.pipe(toArray()));
    expect(reports.map(({ rows, epoch, heads: { tox } }) => [epoch, rows, tox?.labels])).toEqual([
      [1, 4, 4],
      [1, 2, 2],
      [2, 4, 4],
      [2, 2, 2],
    ]);
    expect(spec?.inputs.map(({ name, shape }) => [name, shape])).toEqual([['image', [2, 2, 1]]]);
  });

  describe('what changes while training', () => {
    it('enters as streams, and compiles nothing', async () => {
      const [events, flow, batches$] = [new Events(), openFlow(), new Subject<StreamBatch>()];
      const [weight$, learningRate$, frozen$] = [
        new BehaviorSubject(2),
        new BehaviorSubject(0.5),
        new Subject<boolean>(),
      ];
      const [rate$, branches$] = [new Subject<number>(), new Subject<readonly string[]>()];
      const model = modelOf({ weight$, learningRate$, frozen$ });
      const report$ = run(model, batches$, {
        engine: compiled,
        events: events.sink,
        learningRate$: rate$,
        frozen$: branches$,
      });
      const step = (): Promise<GradientReport> => {
        const next = firstValueFrom(report$);
        batches$.next(batchOf(flow, 1, { tox: 'xxxx', sol: 'xxxx' }));
        return next;
      };
      const all = report$.subscribe();
      const first = await step();
      expect(first.heads.tox?.weight).toBe(2);
      expect(first.heads.sol?.weight).toBe(0.5);
      expect(first.learningRates).toEqual({ x: 0.1, tox: 0.05, sol: 0.1 });
      weight$.next(3);
      learningRate$.next(2);
      rate$.next(0.5);
      const second = await step();
      expect(second.heads.tox?.weight).toBe(3);
      expect(second.learningRates).toEqual({ x: 0.05, tox: 0.1, sol: 0.05 });
      frozen$.next(true);
      branches$.next(['x']);
      expect(Object.keys((await step()).learningRates)).toEqual(['sol']);
      branches$.next([]);
      frozen$.next(false);
      expect(Object.keys((await step()).learningRates)).toEqual(['x', 'tox', 'sol']);
      expect(events.count('programCompiled')).toBe(1);
      batches$.complete();
      await new Promise((resolve) => all.add(() => resolve(undefined)));
      await settled();
      expect([weight$, learningRate$, frozen$, rate$, branches$].some(({ observed }) => observed)).toBe(false);
    });

    it.each<[Partial<GradientStepOptions>, BranchOptions, string]>([
      [{}, { weight$: of(-1) }, 'head "tox", weight: expected a finite number, 0 or more; found -1'],
      [
        {},
        { learningRate$: of(Number.NaN) },
        'head "tox", learningRate: expected a finite number, 0 or more; found NaN',
      ],
      [{}, { frozen$: of('yes') as never }, `head "tox", frozen$: expected true or false; found 'yes'`],
      [
        {},
        { weight$: throwError(() => new Error('no control')) },
        'head "tox", weight$: expected values, or the end; found an error: no control',
      ],
      [{ learningRate$: of(-1) }, {}, 'learningRate: expected a finite number, 0 or more; found -1'],
      [{ frozen$: of('x') as never }, {}, `frozen$: expected a list of branches; found 'x'`],
      [
        { frozen$: of(['tux']) },
        {},
        `freeze: expected one of 'x', 'tox', 'sol'; found 'tux'\n  hint: did you mean 'tox'?`,
      ],
    ])('ends the stream when it can’t be: %#', async (options, tox, message) => {
      const error = await lastValueFrom(run(modelOf(tox), three(), options)).catch((caught) => caught);
      expect(error.message).toBe(message);
    });
  });

  describe('refuses', () => {
    const withOptions = (options: object) => () =>
      gradientStep(modelOf().selector, { optimizer, ...options } as GradientStepOptions);
    it.each<[() => unknown, string]>([
      [withOptions({ optimiser: 1 }), `gradientStep.optimiser: expected an option out of 'optimizer'`],
      [withOptions({ optimizer: 'adm' }), `optimizer.type: expected one of`],
      [withOptions({ engine: { type: 'onnx' } }), 'engine.type: expected one of'],
      [withOptions({ onRunner: 1 }), 'gradientStep.onRunner: expected a function; found 1'],
      [withOptions({ frozen$: ['x'] }), 'gradientStep.frozen$: expected an observable; found a list of 1'],
      [
        () => branch(dense({ units: 1 }), mse(), { weight$: 1 } as never),
        'branch.weight$: expected an observable; found 1',
      ],
      [withOptions({ inputs: { x: [3] } }), 'gradientStep.inputs.x: expected'],
    ])('options that are wrong: %#', (make, message) => {
      expect(make).toThrow(message);
    });

    it('a batch that does not fit the model', async () => {
      const [flow] = [openFlow()];
      const bad = { ...batchOf(flow, 0, { tox: 'xxxx' }), inputs: { x: new Float32Array(16) } };
      const run$ = run(modelOf(), [batchOf(flow, 0, { tox: 'xxxx' }), bad]);
      const error = await lastValueFrom(run$).catch((caught) => caught);
      expect(error.message).toBe(`input 'x': expected 12 numbers for 4 rows; found 16`);
    });

    it('labels that are none, with the samples they are of', async () => {
      const good = batchOf(openFlow(), 0, { tox: 'xx..', sol: 'x...' });
      const spoilt = (head: string, value: number) => {
        const column = good.labels[head] as StreamBatch['labels'][string];
        return { ...column, values: new Float32Array(column.values.length).fill(value) };
      };
      const bad = {
        ...good,
        ids: ['a', 'b', 'c', 'd'],
        labels: { tox: spoilt('tox', 7), sol: spoilt('sol', Number.NaN) },
      };
      const error = await lastValueFrom(run(modelOf(), [bad])).catch((caught) => caught);
      expect(error.message).toBe(
        [
          `head "tox", sample 'a': expected a number from 0 to 1; found 7`,
          `head "sol", sample 'a': expected a finite number that float32 can hold; found NaN`,
        ]
          .map((line) => `${line}\n  hint: source.withLabels(labelsOf(spec)) rejects such samples, and goes on`)
          .join('\n'),
      );
    });

    it('labels of which only bounds are known, when the loss would take them for values', async () => {
      const good = batchOf(openFlow(), 0, { tox: 'xx..', sol: 'x...' });
      const { sol } = good.labels as { sol: StreamBatch['labels'][string] };
      const bad = { ...good, labels: { ...good.labels, sol: { ...sol, bound: Float32Array.of(-1, 0, 0, 0) } } };
      const error = await lastValueFrom(run(modelOf(), [bad])).catch((caught) => caught);
      expect(error.message).toBe(
        `head "sol": expected a loss that takes bounds; found one that would take bounds for values\n  hint: use the loss 'censored', or leave the rows with bounds out`,
      );
    });

    it('a selector that makes no model, as an error of the stream', async () => {
      const selector = (() => EMPTY) as unknown as Selector<'tox' | 'sol'>;
      const error = await lastValueFrom(run({ ...modelOf(), selector }, three())).catch((caught) => caught);
      expect(error.message).toBe(
        'selector: expected one merged loss for each batch, at once; found none\n  hint: batches are left out before gradientStep',
      );
    });
  });
});
