import { layers } from '@tensorflow/tfjs-layers';
import { type Observable, pipe } from 'rxjs';
import { expectTypeOf, it } from 'vitest';
import type { Branch } from '../../../src/model/index.ts';
import type { HeadReport } from '../../../src/step/report.ts';
import type { StreamBatch } from '../../../src/stream/item.ts';
import {
  type Activation,
  adam,
  branch,
  fork,
  type GradientReport,
  gradientStep,
  heads,
  type MergedLoss,
  merge,
  mergeLosses,
  sum,
  trunk,
} from '../../../src/stream/stage/index.ts';

const { dense } = layers;
const head = () => branch(dense({ units: 1 }), 'meanSquaredError');

it('names of heads are part of the type, those of forks in forks too', () => {
  const selector = (batch$: Observable<Activation>) =>
    batch$.pipe(
      trunk(dense({ units: 1 })),
      fork({ tox: head(), shared: pipe(trunk(dense({ units: 1 })), fork({ sol: head(), logp: head() })) }),
      mergeLosses(sum({ tox: 1, sol: 0.5 })),
    );
  expectTypeOf(selector).returns.toEqualTypeOf<Observable<MergedLoss<'tox' | 'sol' | 'logp'>>>();
});

it('branches that end in no head go on together', () => {
  const selector = (batch$: Observable<Activation>) =>
    batch$.pipe(
      fork({ left: trunk(dense({ units: 1 })), right: trunk(dense({ units: 1 })) }),
      merge('concat'),
      fork({ tox: head() }),
      mergeLosses('uncertainty'),
    );
  expectTypeOf(selector).returns.toEqualTypeOf<Observable<MergedLoss<'tox'>>>();
});

it('a factor of a head that is not there is an error', () => {
  const selector = (batch$: Observable<Activation>) =>
    batch$.pipe(
      fork({ tox: head() }),
      // @ts-expect-error: there is no head 'toxic'
      mergeLosses(sum({ toxic: 1 })),
    );
  expectTypeOf(selector).returns.toEqualTypeOf<Observable<MergedLoss<'tox'>>>();
});

it('fork and merge are those of graphs as well', () => {
  const ofGraph = (origin: Branch) => merge(fork(origin, 2), 'sum');
  expectTypeOf(ofGraph).returns.toEqualTypeOf<Branch>();
});

it('reports and streams of heads know them', () => {
  const train = (batches$: Observable<StreamBatch>) => {
    const report$ = batches$.pipe(
      gradientStep(
        (batch$) => batch$.pipe(trunk(dense({ units: 1 })), fork({ tox: head(), sol: head() }), mergeLosses()),
        { optimizer: adam({ learningRate: 1e-3 }) },
      ),
    );
    // @ts-expect-error: there is no head 'toxic'
    const none = () => heads(report$).toxic;
    return { report$, tox$: heads(report$).tox, none };
  };
  expectTypeOf(train).returns.toHaveProperty('report$').toEqualTypeOf<Observable<GradientReport<'tox' | 'sol'>>>();
  expectTypeOf(train).returns.toHaveProperty('tox$').toEqualTypeOf<Observable<HeadReport>>();
});
