import { binary } from './binary.ts';
import type { LoweringTable } from './lowering.ts';
import { matmul } from './matmul.ts';
import { random } from './random.ts';
import { reduction } from './reduction.ts';
import { unary } from './unary.ts';

/** Every TensorFlow.js kernel that can be compiled, by kernel name. */
export const lowerings: LoweringTable = { ...unary, ...binary, ...reduction, ...matmul, ...random };
