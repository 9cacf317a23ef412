import { allocateArray } from '../../../src/core/dtype.ts';
import { sizeOf } from '../../../src/core/shape.ts';
import { encodeGraph } from '../../../src/engine/onnx/encode.ts';
import { openRunner } from '../../../src/engine/runner/index.ts';
import type { Port } from '../../../src/engine/runner/runner.ts';
import { applyPlainly } from '../../../src/ir/build.ts';
import { type Attributes, input, type Value } from '../../../src/ir/graph.ts';
import type { OpName } from '../../../src/ir/op/index.ts';
import { partsOf, type Work } from '../work.ts';
import { serve } from './serve.ts';

// What no contender can do without: a model's matrix products, forward and two backward (convolutions as the products
// they are), and three additions over as many numbers as there are parameters, which read and write what Adam does.

const op = (name: OpName, inputs: readonly Value[], attributes: Attributes = {}): Value =>
  applyPlainly(name, inputs, attributes)[0] as Value;

function bareProgram(work: Work, rows: number): Record<string, Value> {
  const { parameters, products } = partsOf(work);
  const outputs: Record<string, Value> = {};
  for (const [at, { rows: places, inner, columns }] of products.entries()) {
    const named = (name: string, shape: readonly number[]): Value => input(`${name}${at}`, 'float32', [...shape]);
    const [x, w, dy] = [
      named('x', [rows * places, inner]),
      named('w', [inner, columns]),
      named('dy', [rows * places, columns]),
    ];
    outputs[`y${at}`] = op('Gemm', [x, w]);
    outputs[`dw${at}`] = op('Gemm', [x, dy], { transA: 1 });
    // What goes into the first layer has no gradient, and words have none either.
    if (at > 0 || work.input.ids) outputs[`dx${at}`] = op('Gemm', [dy, w], { transB: 1 });
  }
  const size = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const [gradient, ...state] = ['gradient', 'parameter', 'mean', 'square'].map((name) =>
    input(name, 'float32', [size]),
  );
  for (const [at, value] of state.entries()) outputs[`moved${at}`] = op('Add', [value, gradient as Value]);
  return outputs;
}

await serve(({ work, threads }) => {
  const { model, inputs, outputs } = encodeGraph(bareProgram(work as unknown as Work, work.rows));
  const { runner } = openRunner({ threads });
  const session = runner.load(model, inputs, outputs, { provider: 'cpu', optimization: 'all' });
  const arrayOf = ({ dtype, shape }: Port) => allocateArray(dtype, sizeOf(shape)).fill(0.5 as never);
  const binding = session.bind(inputs.map(arrayOf), outputs.map(arrayOf));
  return {
    name: 'products and memory alone',
    train: (numbers) => {
      for (const _ of numbers) binding.run();
      return Number.NaN;
    },
  };
});
