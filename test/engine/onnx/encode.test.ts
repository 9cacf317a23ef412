import { describe, expect, it } from 'vitest';
import { encodeGraph } from '../../../src/engine/onnx/encode.ts';
import { applyPlainly } from '../../../src/ir/build.ts';
import { input, type Value } from '../../../src/ir/graph.ts';

const x = input('x', 'float32', [1, 1, 4, 4]);
const [largest, positions] = applyPlainly('MaxPool', [x], {
  kernel_shape: [2, 2],
  strides: [2, 2],
  pads: [0, 0, 0, 0],
}) as [Value, Value];
const textOf = (outputs: Record<string, Value>): string => Buffer.from(encodeGraph(outputs).model).toString('latin1');

describe('positions of maxima, which take time to find', () => {
  it('are left out when nothing reads them', () => {
    expect(textOf({ largest })).not.toContain('v0');
  });

  it('are computed when an op reads them', () => {
    expect(textOf({ largest, read: applyPlainly('Cast', [positions], { to: 'int32' })[0] as Value })).toContain('v0');
  });

  it('are computed when they are wanted', () => {
    expect(textOf({ positions })).toContain('positions');
  });
});

it('leaves out inputs that an op does without', () => {
  const sizes = {
    sizes: [1, 1, 8, 8],
    mode: 'nearest',
    nearest_mode: 'floor',
    coordinate_transformation_mode: 'asymmetric',
  };
  const [y] = applyPlainly('Resize', [x], sizes) as [Value];
  const text = textOf({ y });
  expect(text.indexOf('\x0a\x01x\x0a\x00\x0a\x00\x0a\x02c0\x12\x01y')).toBeGreaterThan(0);
});
