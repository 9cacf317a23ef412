import '@tensorflow/tfjs-backend-cpu';
import { layers } from '@tensorflow/tfjs-layers';
import { Subject, take } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { Describer } from '../../../src/stream/stage/describer.ts';
import {
  type Activation,
  branch,
  fork,
  type HeadLosses,
  merge,
  mergeLosses,
  mse,
  pick,
  trunk,
} from '../../../src/stream/stage/index.ts';

trunklineBackend();

const { dense } = layers;
const twoInputs = (): Activation => new Describer({ x: { shape: [2] }, y: { shape: [2] } }, 0).activation;
const oneInput = (): Activation => new Describer({ x: { shape: [2] } }, 0).activation;
const inBranch = (): Activation => {
  const activation = oneInput();
  return Object.assign(Object.create(activation) as Activation, { branch: 'tox' });
};
function losses(): HeadLosses {
  let found: HeadLosses = {};
  const given$ = new Subject<Activation>();
  given$.pipe(fork({ tox: branch(dense({ units: 1 }), mse()) })).subscribe((answer) => {
    found = answer;
  });
  given$.next(oneInput());
  return found;
}

const cases = [
  { name: 'trunk', operator: trunk(dense({ units: 1 })), given: oneInput },
  { name: 'trunk of parts', operator: trunk({ x: dense({ units: 1 }) }), given: twoInputs },
  { name: 'pick', operator: pick('x'), given: twoInputs },
  { name: 'merge', operator: merge('concat'), given: twoInputs },
  { name: 'fork', operator: fork({ a: trunk(dense({ units: 1 })), b: pick('x') }), given: oneInput },
  { name: 'branch', operator: branch(dense({ units: 1 }), mse()), given: inBranch },
  { name: 'mergeLosses', operator: mergeLosses<'tox'>(), given: losses },
] as const;

describe.each(
  cases.map(
    ({ name, operator, given }) =>
      [name, operator as (typeof cases)[0]['operator'], given as () => Activation] as const,
  ),
)('%s', (_, operator, given) => {
  /** What comes when, whatever it is. */
  const frames = (messages: unknown): unknown =>
    (messages as { frame: number; notification: { kind: string } }[]).map(({ frame, notification: { kind } }) => [
      frame,
      kind,
    ]);
  const scheduler = (): TestScheduler =>
    new TestScheduler((actual, expected) => expect(frames(actual)).toEqual(frames(expected)));

  it.each([
    { name: 'what comes, at once', source: 'a-b|', expected: 'a-b|', left: '^--!' },
    { name: 'nothing', source: '--|', expected: '--|', left: '^-!' },
    { name: 'no end', source: '-', expected: '-', left: '^' },
    { name: 'an error', source: 'a#', expected: 'a#', left: '^!' },
  ])('answers $name', ({ source, expected, left }) => {
    scheduler().run(({ cold, expectObservable }) => {
      expectObservable(cold(source, { a: given(), b: given() }).pipe(operator)).toBe(expected);
    });
    new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted)).run(
      ({ cold, flush, expectSubscriptions }) => {
        const source$ = cold(source, { a: given(), b: given() });
        source$.pipe(operator).subscribe({ error: () => {} });
        expectSubscriptions(source$.subscriptions).toBe(left);
        flush();
      },
    );
  });

  it('leaves its source when it is left', () => {
    const source$ = new Subject<Activation>();
    let answers = 0;
    source$.pipe(operator, take(1)).subscribe(() => answers++);
    source$.next(given());
    expect([answers, source$.observed]).toEqual([1, false]);
  });

  it('answers what comes of its own answers', () => {
    const source$ = new Subject<Activation>();
    let answers = 0;
    source$.pipe(operator).subscribe(() => {
      if (++answers < 3) source$.next(given());
    });
    source$.next(given());
    expect(answers).toBe(3);
  });

  it('answers each at once, and so holds nothing back', () => {
    const source$ = new Subject<Activation>();
    const seen: number[] = [];
    let sent = 0;
    source$.pipe(operator).subscribe(() => seen.push(sent));
    for (; sent < 3; sent++) source$.next(given());
    expect(seen).toEqual([0, 1, 2]);
  });
});
