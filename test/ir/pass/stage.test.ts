import { expect, it } from 'vitest';
import { applyPlainly } from '../../../src/ir/build.ts';
import { input, type Value } from '../../../src/ir/graph.ts';
import type { OpName } from '../../../src/ir/op/index.ts';
import { splitStages } from '../../../src/ir/pass/stage.ts';

const op = (name: OpName, ...inputs: Value[]): Value => applyPlainly(name, inputs)[0] as Value;
const x = input('x', 'float32', [2]);
const late = input('late', 'float32', [2]);
const stageOf = (name: string): number => (name === 'late' ? 1 : 0);

it('leaves a program without late inputs whole', () => {
  const y = op('Exp', x);
  expect(splitStages({ y }, stageOf)).toEqual([{ outputs: { y }, cut: new Map() }]);
});

it('puts what depends on a late input last, and passes on what it needs', () => {
  const hidden = op('Exp', x);
  const activation = op('Log', hidden);
  const gradient = op('Mul', op('Mul', late, hidden), activation);
  const [first, second] = splitStages({ activation, gradient }, stageOf);
  expect(first?.outputs).toEqual({ activation, 'crossing/2': hidden });
  expect(second?.outputs).toEqual({ gradient });
  expect(second?.cut).toEqual(
    new Map([
      [hidden, 'crossing/2'],
      [activation, 'activation'],
    ]),
  );
});

it('repeats in the second stage what is cheaper to repeat than to pass on', () => {
  const one = op('Exp', x);
  const stretched = applyPlainly('Expand', [one], { shape: [3, 2] })[0] as Value;
  const gradient = op('Mul', late, stretched);
  const [first, second] = splitStages({ gradient }, stageOf);
  expect([...(second?.cut.keys() ?? [])]).toEqual([one]);
  expect(Object.values(first?.outputs ?? {})).toEqual([one]);
});
