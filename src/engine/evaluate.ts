import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { allocateArray, type TypedArray } from '../core/dtype.ts';
import { EngineError } from '../core/error.ts';
import { sizeOf } from '../core/shape.ts';
import { constantData, type Value } from '../ir/graph.ts';
import type { Evaluate } from '../trace/backend.ts';
import { encodeGraph } from './onnx/encode.ts';
import type { Runner, Session } from './runner/runner.ts';

/** Sessions kept for graphs of the same form. */
const sessionLimit = 200;

/** Computes values of the eager mode with one session per form of graph. */
export function evaluator(runner: Runner): Evaluate {
  const sessions = new LRUCache<string, Session>({ max: sessionLimit, dispose: (session) => session.release() });
  return (values) => {
    const named = Object.fromEntries(values.map((value, index) => [`o${index}`, value]));
    // Constants are fed, scalars too: they change from step to step while the form of the graph stays the same.
    const { model, inputs, outputs, fed } = encodeGraph(named, { feedConstantsAbove: 0 });
    const key = createHash('sha1').update(model).digest('base64');
    let session = sessions.get(key);
    if (!session) {
      session = runner.load(model, inputs, outputs, { provider: 'cpu', optimization: 'basic' });
      sessions.set(key, session);
    }
    const results = outputs.map(({ dtype, shape }) => allocateArray(dtype, sizeOf(shape)));
    const binding = session.bind(fed.map(fedData), results);
    try {
      binding.run();
    } finally {
      binding.release();
    }
    return results;
  };
}

function fedData(value: Value): TypedArray {
  const data = constantData(value);
  if (data) return data;
  throw new EngineError({
    where: 'trunkline backend',
    expected: 'a tensor with a value',
    found: `a tensor of a recorded step${value.source.kind === 'input' ? ` ('${value.source.name}')` : ''}`,
    hint: 'tensors inside a step have no values: return what you want to read from the step',
  });
}
