import { EngineError } from '../../core/error.ts';
import { encodeModel } from '../onnx/proto.ts';
import type { Port, Provider, Runner } from './runner.ts';

const pair = (name: string): Port => ({ name, dtype: 'float32', shape: [2] });
const inputs = [pair('a'), pair('b')];
const outputs = [pair('sum')];

/**
 * Adds four numbers.
 * @throws EngineError when `runner` does not on that provider, for whatever reason
 */
export function probe(runner: Runner, provider: Provider = 'cpu'): void {
  const nodes = [{ op: 'Add', domain: '', inputs: ['a', 'b'], outputs: ['sum'], attributes: [] }];
  const model = encodeModel({ nodes, initializers: [], inputs, outputs });
  const session = runner.load(model, inputs, outputs, { provider, optimization: 'basic', name: 'probe' });
  try {
    const sum = new Float32Array(2);
    session.bind([Float32Array.of(1, 2), Float32Array.of(3, 5)], [sum]).run();
    if (sum[0] !== 4 || sum[1] !== 7)
      throw new EngineError({ where: 'probe', expected: '[1, 2] + [3, 5] to be [4, 7]', found: `[${sum.join(', ')}]` });
  } finally {
    session.release();
  }
}
