import { formatShape, sizeOf } from '../../core/shape.ts';
import { windowed } from './product.ts';
import { integers, type OpRule, operand, ranked, reject } from './rule.ts';

const modes: readonly unknown[] = ['nearest', 'linear'];

/** Ops on images, channels first. */
export const image = {
  Col2Im: {
    summary:
      "images of the sizes 'image_shape' [N, C, …] in which the columns of x [N, C · window, places] are added up, each where a window of the sizes 'block_shape' would see it",
    infer: (call) => {
      const x = ranked(call, 0, 3, ['float32']);
      const [image, block] = [integers(call, 'image_shape'), integers(call, 'block_shape')];
      const seen = { ...call, attributes: { ...call.attributes, kernel_shape: block } };
      const [rows, columns] = [sizeOf(block), sizeOf(windowed(seen, [1, 1, ...image]))];
      const [batch, channels] = [x.shape[0] as number, (x.shape[1] as number) / rows];
      if (!Number.isInteger(channels) || x.shape[2] !== columns)
        reject(call, `[N, C · ${rows}, ${columns}]`, formatShape(x.shape));
      return [{ dtype: x.dtype, shape: [batch, channels, ...image] }];
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
