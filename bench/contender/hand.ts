import { applyPlainly } from '../../src/ir/build.ts';
import { type Attributes, input, scalar, type Value } from '../../src/ir/graph.ts';
import type { OpName } from '../../src/ir/op/index.ts';

const op = (name: OpName, inputs: readonly Value[], attributes: Attributes = {}): Value =>
  applyPlainly(name, inputs, attributes)[0] as Value;

const sizes = [1024, 512, 256, 12] as const;
const total = { axes: [0, 1], keepdims: 0 };

/**
 * Loss and gradients of the dense model, as an expert would write them by hand in ONNX: what a recorded program is
 * measured against.
 * @returns the outputs by name; parameters are the inputs w0, b0, w1, …, the batch x, y, m
 */
export function handWrittenGradients(rows: number): Record<string, Value> {
  const [x, y, m] = [
    ['x', 1024],
    ['y', 12],
    ['m', 12],
  ].map(([name, width]) => input(name as string, 'float32', [rows, width as number])) as [Value, Value, Value];
  const weights = [0, 1, 2].map((at) => input(`w${at}`, 'float32', [sizes[at] as number, sizes[at + 1] as number]));
  const biases = [0, 1, 2].map((at) => input(`b${at}`, 'float32', [sizes[at + 1] as number]));
  const zero = scalar(0, 'float32');
  const activations = [x];
  for (const at of [0, 1]) {
    const sum = op('Gemm', [activations[at], weights[at], biases[at]] as Value[]);
    activations.push(op('Relu', [sum]));
  }
  const logits = op('Gemm', [activations[2], weights[2], biases[2]] as Value[]);
  const softplus = op('Log', [op('Add', [op('Exp', [op('Neg', [op('Abs', [logits])])]), scalar(1, 'float32')])]);
  const losses = op('Add', [op('Sub', [op('Relu', [logits]), op('Mul', [logits, y])]), softplus]);
  const count = op('ReduceSum', [m], total);
  const outputs: Record<string, Value> = { loss: op('Div', [op('ReduceSum', [op('Mul', [losses, m])], total), count]) };
  let gradient = op('Div', [op('Mul', [op('Sub', [op('Sigmoid', [logits]), y]), m]), count]);
  for (const at of [2, 1, 0]) {
    const activation = activations[at] as Value;
    outputs[`gw${at}`] = op('Gemm', [activation, gradient], { transA: 1 });
    outputs[`gb${at}`] = op('ReduceSum', [gradient], { axes: [0], keepdims: 0 });
    if (at === 0) break;
    const back = op('Gemm', [gradient, weights[at] as Value], { transB: 1 });
    gradient = op('Where', [op('Greater', [activation, zero]), back, zero]);
  }
  return outputs;
}
