import { formatShape } from '../../core/shape.ts';
import { integers, type OpRule, operand, reject } from './rule.ts';

const modes: readonly unknown[] = ['nearest', 'linear'];

/** Ops on images, channels first. */
export const image = {
  Col2Im: {
    summary:
      "sum of windows: x [N, C · window, places] added up in an image [N, C, …] of the sizes 'image_shape', each column at its place",
    infer: (call) => {
      const x = operand(call, 0, ['float32']);
      const [image, block] = [integers(call, 'image_shape'), integers(call, 'block_shape')];
      const window = block.reduce((product, size) => product * size, 1);
      return [{ dtype: x.dtype, shape: [x.shape[0] as number, (x.shape[1] as number) / window, ...image] }];
    },
  },
  Resize: {
    summary:
      "x sampled anew at 'sizes' places along each axis: the nearest element or a linear mixture, as 'mode' says, of where 'coordinate_transformation_mode' leads",
    infer: (call) => {
      const x = operand(call, 0, ['float32', 'int32', 'uint8']);
      const sizes = integers(call, 'sizes');
      if (sizes.length !== x.shape.length) reject(call, `${x.shape.length} sizes`, formatShape(sizes));
      if (!modes.includes(call.attributes.mode))
        reject(call, `'mode' as ${modes.join(' or ')}`, String(call.attributes.mode));
      return [{ dtype: x.dtype, shape: sizes }];
    },
  },
} as const satisfies Record<string, OpRule>;
