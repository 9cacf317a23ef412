import { arrange } from './arrange.ts';
import { binary } from './binary.ts';
import { convolution } from './convolution.ts';
import { convolutionGradient } from './convolution-gradient.ts';
import { creation } from './creation.ts';
import { crop } from './crop.ts';
import { depthwise } from './depthwise.ts';
import { dilation } from './dilation.ts';
import { einsums } from './einsum.ts';
import { gathering } from './gather.ts';
import { image } from './image.ts';
import { join } from './join.ts';
import type { LoweringTable } from './lowering.ts';
import { matmul } from './matmul.ts';
import { normalization } from './normalization.ts';
import { padding } from './pad.ts';
import { poolings } from './pooling.ts';
import { poolingGradient } from './pooling-gradient.ts';
import { random } from './random.ts';
import { reduction } from './reduction.ts';
import { resize } from './resize.ts';
import { scan } from './scan.ts';
import { scatter } from './scatter.ts';
import { search } from './search.ts';
import { selection } from './select.ts';
import { slices } from './slice.ts';
import { space } from './space.ts';
import { transforming } from './transform.ts';
import { unary } from './unary.ts';

/** Every TensorFlow.js kernel that can be compiled, by kernel name. */
export const lowerings: LoweringTable = {
  ...unary,
  ...binary,
  ...selection,
  ...reduction,
  ...scan,
  ...matmul,
  ...einsums,
  ...arrange,
  ...join,
  ...slices,
  ...padding,
  ...space,
  ...creation,
  ...gathering,
  ...scatter,
  ...search,
  ...random,
  ...convolution,
  ...convolutionGradient,
  ...depthwise,
  ...poolings,
  ...poolingGradient,
  ...normalization,
  ...resize,
  ...crop,
  ...image,
  ...dilation,
  ...transforming,
};
