import '@tensorflow/tfjs-backend-cpu';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import {
  concatMap,
  concatWith,
  delay,
  filter,
  map,
  NEVER,
  type Observable,
  type OperatorFunction,
  of,
  pipe,
  shareReplay,
  switchMap,
  tap,
} from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { lambda } from '../../../src/model/index.ts';
import {
  type Activation,
  branch,
  fork,
  merge,
  mergeLosses,
  mse,
  pick,
  type Selector,
  sum,
  trunk,
} from '../../../src/stream/stage/index.ts';
import { SelectedModel, SelectorProgram } from '../../../src/stream/stage/selector.ts';

trunklineBackend();
beforeEach(() => {
  tf.setBackend('cpu');
});

const { dense } = layers;
const one = () => dense({ units: 1 });
const inputs = { x: { shape: [3] }, y: { shape: [3] } };
const ends = fork({ tox: pipe(merge('concat'), branch(one(), mse())) });
const whole = pipe(ends, mergeLosses());
/** A selector whatever its type. */
const asSelector = (operator: (batch$: Observable<Activation>) => unknown): Selector => operator as Selector;
const described = (operator: (batch$: Observable<Activation>) => unknown) => () =>
  new SelectedModel(asSelector(operator)).describe(inputs, 0);
const streams = 'what changes over time enters as weight$, learningRate$ or frozen$';
const forked = (branches: Readonly<Record<string, unknown>>) =>
  described((batch$) => batch$.pipe(fork(branches as never) as OperatorFunction<Activation, never>, mergeLosses()));

/** The whole text of what it throws. */
function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

describe('a selector is refused that', () => {
  it.each<[string, () => unknown, string]>([
    [
      'answers not at all',
      described((batch$) =>
        batch$.pipe(
          whole,
          filter(() => false),
        ),
      ),
      'selector: expected one merged loss for each batch, at once; found none\n  hint: batches are left out before gradientStep',
    ],
    [
      'answers twice',
      described((batch$) =>
        batch$.pipe(
          whole,
          concatMap((loss) => of(loss, loss)),
        ),
      ),
      'selector: expected one merged loss for each batch, at once; found 2\n  hint: losses are merged with mergeLosses',
    ],
    [
      'answers later',
      described((batch$) => batch$.pipe(whole, delay(1))),
      `selector: expected one merged loss for each batch, at once; found none by the time it was subscribed\n  hint: ${streams}`,
    ],
    [
      'may answer again later',
      described((batch$) => batch$.pipe(whole, concatWith(NEVER))),
      `selector: expected one merged loss for each batch, at once; found one that others may follow: it did not complete\n  hint: ${streams}`,
    ],
    [
      'fails',
      described((batch$) =>
        batch$.pipe(
          whole,
          tap(() => {
            throw new Error('no idea');
          }),
        ),
      ),
      'selector: expected one merged loss for each batch, at once; found an error: no idea',
    ],
    [
      'answers with losses that were not merged',
      described((batch$) => batch$.pipe(ends)),
      "selector: expected a merged loss; found losses that were not merged: 'tox'\n  hint: end it with mergeLosses()",
    ],
    [
      'answers with a number',
      described((batch$) => batch$.pipe(map(() => 1))),
      'selector: expected a merged loss; found 1\n  hint: end it with mergeLosses()',
    ],
    [
      'is no function',
      () => new SelectedModel(1 as never),
      'selector: expected one merged loss for each batch, at once; found 1\n  hint: give an operator: pipe(trunk(…), …)',
    ],
    [
      'gives no observable',
      () => new SelectedModel(asSelector(() => 1)),
      'selector: expected one merged loss for each batch, at once; found an operator that gives 1',
    ],
    [
      'ends a head outside of forks',
      described((batch$) => batch$.pipe(merge('concat'), branch(one(), mse()))),
      'branch: expected a branch of a fork, which names the head; found one outside of any fork\n  hint: fork({ name: branch(layers, loss) })',
    ],
    [
      'picks what is not there',
      described((batch$) => batch$.pipe(trunk({ x: [] }), pick('xx', 'y'))),
      "pick: expected one of 'x', 'y'; found 'xx'",
    ],
    [
      'has layers for what is not there',
      described((batch$) => batch$.pipe(trunk({ z: one() }))),
      "trunk: expected one of 'x', 'y'; found 'z'",
    ],
    [
      'gives several tensors to a layer of one',
      described((batch$) => batch$.pipe(trunk(dense({ units: 1, name: 'narrow' })))),
      "layer 'narrow': expected a layer that takes 2 tensors: 'x', 'y'; found Layer narrow expects 1 inputs, but it received 2 input tensors\n  hint: merge('concat') joins them before, pick(name) takes one of them",
    ],
    [
      'ends a head in several tensors',
      forked({ tox: branch([], mse()) }),
      `head "tox": expected one tensor; found 2: 'x', 'y'\n  hint: merge('concat') joins them, pick(name) takes one of them`,
    ],
    [
      'ends a branch in several tensors',
      forked({ left: trunk({ x: one() }) }),
      "branch 'left': expected an end in one tensor, or in heads; found 2 tensors: 'x', 'y'\n  hint: merge('concat') joins them, pick(name) takes one of them",
    ],
    [
      'ends some branches in heads and others not',
      forked({ tox: pipe(merge('concat'), branch(one(), mse())), left: pick('x') }),
      "fork: expected branches that all end in heads, or in none; found heads 'tox' beside 'left'\n  hint: end the others in heads, or fork again after them and pick what each head uses",
    ],
    [
      'ends a branch in nothing that is known',
      forked({ tox: map(() => 7) }),
      "branch 'tox': expected an end in a head, in heads, or in an activation; found 7\n  hint: branch(layers, loss)",
    ],
    [
      'has a branch that answers not at all',
      forked({ tox: filter(() => false) }),
      "branch 'tox': expected one activation or loss for each batch, at once; found none\n  hint: batches are left out before gradientStep",
    ],
    [
      'has a branch that is no operator',
      forked({ tox: dense({ units: 1, name: 'bare' }) }),
      "branch 'tox': expected one activation or loss for each batch, at once; found layer 'bare'\n  hint: give an operator: pipe(trunk(…), …)",
    ],
    ['has no branches', forked({}), 'fork: expected one branch or more, by name; found an empty object'],
    [
      'has two heads of a name',
      forked({
        tox: pipe(pick('x'), branch(one(), mse())),
        other: pipe(pick('x'), fork({ tox: branch(one(), mse()) })),
      }),
      'head "tox": expected a name that is not in use; found another head',
    ],
    [
      'merges what is no loss',
      described((batch$) => batch$.pipe(mergeLosses() as never)),
      'mergeLosses: expected losses by head, as a fork of branches gives them; found an activation\n  hint: fork({ name: branch(layers, loss) }), mergeLosses()',
    ],
    [
      'weighs a head that is not there',
      described((batch$) => batch$.pipe(ends as never, mergeLosses(sum({ toxx: 1 })))),
      "sum: expected 'tox'; found 'toxx'\n  hint: did you mean 'tox'?",
    ],
    [
      'merges in no known way',
      () => mergeLosses('summ' as never),
      "mergeLosses.type: expected one of 'sum', 'static', 'uncertainty'; found 'summ'\n  hint: did you mean 'sum'?",
    ],
    [
      'has a factor below 0',
      () => sum({ tox: -1 }),
      "sum, factor of 'tox': expected a finite number, 0 or more; found -1",
    ],
    [
      'has a trunk of what is no layer',
      () => trunk(one(), 'relu' as never, 3 as never),
      [
        "trunk[1]: expected a layer or model of TensorFlow.js, or a function of tensors; found 'relu'",
        'trunk[2]: expected a layer or model of TensorFlow.js, or a function of tensors; found 3',
      ].join('\n'),
    ],
    ['picks nothing', () => pick(), 'pick: expected one name or more; found none'],
    [
      'has a function that can’t take its tensor',
      described((batch$) => batch$.pipe(pick('x'), trunk(lambda((x) => tf.reshape(x, [7]), { name: 'odd' })))),
      "function 'odd': expected a function that takes [2, 3]; found Size(6) must match the product of shape 7",
    ],
    [
      'has a function that gives another number of rows',
      described((batch$) => batch$.pipe(pick('x'), trunk(lambda((x) => tf.sum(x), { name: 'total' })))),
      "function 'total': expected a tensor whose first axis is the rows: [2, …] for 2; found []",
    ],
    [
      'is subscribed outside of a batch',
      () => {
        let kept: Observable<Activation> | undefined;
        new SelectedModel(
          asSelector((batch$) => {
            kept = batch$;
            return batch$;
          }),
        );
        let failure: unknown;
        kept?.subscribe({
          error: (error: unknown) => {
            failure = error;
          },
        });
        throw failure;
      },
      'selector: expected one merged loss for each batch, at once; found a subscription outside of a batch\n  hint: subscribe to nothing yourself: return the observable',
    ],
  ])('%s', (_, act, message) => {
    expect(messageOf(act)).toBe(message);
  });
});

describe('a batch is refused whose selector', () => {
  /** Computes a batch of two rows with the selector's own operators. */
  function computed(operator: (batch$: Observable<Activation>) => unknown): () => unknown {
    const model = new SelectedModel(asSelector(operator));
    const description = model.describe(inputs, 0);
    const program = new SelectorProgram(model, description);
    const specs = program.specs(
      program.form({ rows: 2, inputs: { x: new Float32Array(6), y: new Float32Array(6) }, labels: {} }),
      'train',
    );
    const given = Object.entries(specs).map(([name, { shape, dtype = 'float32' }]) => [
      name,
      tf.ones([...shape], dtype),
    ]);
    return () => program.train(Object.fromEntries(given) as Record<string, Tensor>);
  }

  it.each<[string, () => () => unknown, string]>([
    [
      'makes layers for each batch',
      () =>
        computed((batch$) =>
          batch$.pipe(
            switchMap((activation) =>
              of(activation).pipe(
                merge('concat'),
                trunk(dense({ units: 2, name: 'fresh' })),
                fork({ tox: branch(one(), mse()) }),
              ),
            ),
            mergeLosses(),
          ),
        ),
      "layer 'fresh': expected a layer that was there when the selector was first subscribed; found one that was made for this batch\n  hint: make layers outside of what runs for each batch",
    ],
    [
      'answers with something of another batch',
      () => computed((batch$) => batch$.pipe(shareReplay(1), whole)),
      'selector: expected activations and losses of the batch at hand; found one that was kept from another batch\n  hint: share, shareReplay and the like are for what does not depend on the batch',
    ],
    [
      'has other layers than when it was described',
      () => {
        let batches = 0;
        const layer = dense({ units: 6 });
        const end = fork({ tox: branch(one(), mse()) });
        return computed((batch$) =>
          batch$.pipe(
            switchMap((activation) => {
              const once$ = of(activation).pipe(merge('concat'), trunk(layer));
              return batches++ === 0 ? once$ : once$.pipe(trunk(layer));
            }),
            end,
            mergeLosses(),
          ),
        );
      },
      'selector: expected the same operators for each batch; found others than when it was first subscribed',
    ],
    [
      'has other heads than the model',
      () => {
        let batches = 0;
        const heads = fork({ tox: pipe(pick('x'), branch(one(), mse())), sol: pipe(pick('y'), branch(one(), mse())) });
        return computed((batch$) =>
          batch$.pipe(
            heads,
            map(({ tox, sol }) => (batches++ === 0 ? { tox, sol } : { tox })),
            mergeLosses() as never,
          ),
        );
      },
      "selector: expected losses of 'tox', 'sol'; found 'tox'",
    ],
    [
      'has a head that the model has not',
      () => {
        let batches = 0;
        const heads = fork({ tox: pipe(pick('x'), branch(one(), mse())), sol: pipe(pick('y'), branch([], mse())) });
        return computed((batch$) =>
          batch$.pipe(
            heads,
            map(({ tox, sol }) => (batches++ === 0 ? { tox } : { tox, sol })),
            mergeLosses() as never,
          ),
        );
      },
      "selector: expected losses of 'tox'; found 'sol'",
    ],
  ])('%s', (_, prepare, message) => {
    expect(messageOf(prepare())).toBe(message);
  });

  it('is otherwise computed', () => {
    expect(computed((batch$) => batch$.pipe(whole))()).toMatchObject({ outputs: { 'loss/tox': expect.anything() } });
  });
});

it('a Sequential may be a trunk, and what it holds is trained', () => {
  const body = sequential({ layers: [dense({ units: 4, inputShape: [3] }), dense({ units: 2 })] });
  const { spec } = described((batch$) =>
    batch$.pipe(pick('x'), trunk(body), fork({ tox: branch(one(), mse()) }), mergeLosses()),
  )();
  expect(spec.groups.map(({ heads, parameters }) => [heads, parameters.length])).toEqual([
    [['tox'], 4],
    [['tox'], 2],
  ]);
});
