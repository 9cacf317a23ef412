import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { at, floats, type KernelCase, onlyFloats, onTrunkline, type Sizes, shapes } from './case.ts';

interface Product {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Two stacks of matrices that can be multiplied; one of them may be a single matrix for all of the other's. */
function products(size: Sizes, stacks: number): fc.Arbitrary<Product> {
  return fc
    .tuple(shapes(size, 0, stacks), size, size, size, fc.boolean(), fc.boolean(), fc.constantFrom('both', 'a', 'b'))
    .map(([stack, rows, inner, columns, transposeA, transposeB, repeated]) => {
      const single = stack.map((count) => Math.min(count, 1));
      const ofA = transposeA ? [inner, rows] : [rows, inner];
      const ofB = transposeB ? [columns, inner] : [inner, columns];
      const a = [...(repeated === 'b' || repeated === 'both' ? stack : single), ...ofA];
      const b = [...(repeated === 'a' || repeated === 'both' ? stack : single), ...ofB];
      return { a, b, transposeA, transposeB };
    });
}

type Fused = Parameters<typeof tf.fused.matMul>[0];

function fused(variant: string, biased: boolean, options: Partial<Fused>, row: Partial<KernelCase> = {}): KernelCase {
  return {
    kernel: '_FusedMatMul',
    variant,
    ...onlyFloats,
    sample: (size) =>
      products(size, 0).map(({ a, b, transposeA, transposeB }) => {
        const columns = b[transposeB ? 0 : 1] as number;
        const weights = options.activation === 'prelu' ? { weights: floats([columns], 4) } : {};
        const bias = biased ? { bias: floats([columns], 3) } : {};
        return {
          inputs: { a: floats(a, 1), b: floats(b, 2), ...bias, ...weights },
          run: (inputs) =>
            tf.fused.matMul({
              a: at(inputs, 'a'),
              b: at(inputs, 'b'),
              transposeA,
              transposeB,
              ...(inputs.bias ? { bias: inputs.bias } : {}),
              ...(inputs.weights ? { preluActivationWeights: inputs.weights } : {}),
              ...options,
            }),
        };
      }),
    ...row,
  };
}

/** Equations by what they ask for, where tfjs's own kernel is right. */
const equations = {
  transpose: 'ij->ji',
  'sum of an axis': 'ijk->ik',
  'sum of all': 'ij->',
  'outer product': 'i,j->ij',
  elementwise: 'ij,ij->ij',
  'product with a vector': 'ij,j->i',
  'matrix product': 'ij,jk->ik',
  'matrix product, transposed': 'ij,kj->ki',
  'dense layer': 'abc,cd->abd',
  'dense layer on two axes': 'abcd,cde->abe',
  'attention scores': 'btnh,bsnh->bnts',
  'attention result': 'bnts,bsnh->btnh',
  'inner product of matrices': 'ij,ij->',
  'sum after the product': 'ij,jk->i',
  'own letter first': 'bi,bij->bj',
} as const;

/** Equations that tfjs's cpu kernel gets wrong, and what they mean. */
const spelledOut: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  'ij,jk->k': (a, b) => tf.sum(tf.matMul(a, b), 0),
  'ij,jk->': (a, b) => tf.sum(tf.matMul(a, b)),
  'bi,j->bj': (a, b) => tf.matMul(tf.sum(a, 1, true), tf.reshape(b, [1, -1])),
};

type Meaning = (equation: string, inputs: Record<string, tf.Tensor>) => tf.Tensor;
const asGiven: Meaning = (equation, inputs) => tf.einsum(equation, ...Object.values(inputs));
const asMeant: Meaning = (equation, inputs) =>
  onTrunkline(
    () => asGiven(equation, inputs),
    () => (spelledOut[equation] as (a: tf.Tensor, b: tf.Tensor) => tf.Tensor)(at(inputs, 'x0'), at(inputs, 'x1')),
  );

function einsum(variant: string, equation: string, run = asGiven): KernelCase {
  const terms = (equation.split('->')[0] as string).split(',');
  return {
    kernel: 'Einsum',
    variant,
    dtypes: ['int32'],
    spelledOut: run === asMeant,
    sample: (size) =>
      fc.array(size, { minLength: 26, maxLength: 26 }).map((sizes) => {
        const shapeOf = (letters: string): number[] =>
          [...letters].map((letter) => sizes[letter.charCodeAt(0) - 97] as number);
        return {
          inputs: Object.fromEntries(terms.map((letters, index) => [`x${index}`, floats(shapeOf(letters), index)])),
          run: (inputs) => run(equation, inputs),
        };
      }),
  };
}

export const cases: readonly KernelCase[] = [
  {
    kernel: 'BatchMatMul',
    dtypes: ['int32'],
    sample: (size) =>
      products(size, 0).map(({ a, b, transposeA, transposeB }) => ({
        inputs: { a: floats(a, 1), b: floats(b, 2) },
        run: (inputs) => tf.matMul(at(inputs, 'a'), at(inputs, 'b'), transposeA, transposeB),
      })),
  },
  {
    kernel: 'BatchMatMul',
    variant: 'stacks',
    dtypes: ['int32'],
    gradient: 'none',
    sample: (size) =>
      products(size, 2).map(({ a, b, transposeA, transposeB }) => ({
        inputs: { a: floats(a, 1), b: floats(b, 2) },
        run: (inputs) => tf.matMul(at(inputs, 'a'), at(inputs, 'b'), transposeA, transposeB),
      })),
  },
  {
    kernel: 'BatchMatMul',
    variant: 'stacks of one size',
    dtypes: [],
    sample: (size) =>
      fc.tuple(shapes(size, 1, 2), products(size, 0)).map(([stack, { a, b, transposeA, transposeB }]) => ({
        inputs: { a: floats([...stack, ...a], 1), b: floats([...stack, ...b], 2) },
        run: (inputs) => tf.matMul(at(inputs, 'a'), at(inputs, 'b'), transposeA, transposeB),
      })),
  },
  fused('linear', false, {}),
  fused('bias', true, {}),
  fused('bias and relu', true, { activation: 'relu' }),
  fused('bias and relu6', true, { activation: 'relu6' }),
  fused('bias and elu', true, { activation: 'elu' }),
  fused('bias and sigmoid', true, { activation: 'sigmoid' }),
  fused('bias and leaky relu', true, { activation: 'leakyrelu', leakyreluAlpha: 0.2 }),
  fused('bias and prelu', true, { activation: 'prelu' }),
  ...Object.entries(equations).map(([variant, equation]) => einsum(variant, equation)),
  ...Object.keys(spelledOut).map((equation) => einsum(equation, equation, asMeant)),
];
