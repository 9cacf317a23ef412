import { backend_util, type EinsumAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { reshaped, transposed } from './arrange.ts';
import { cast, type KernelCall, type LoweringTable, promote, type SingleApply } from './lowering.ts';
import { matrixProduct } from './matmul.ts';

/** A tensor and the letter of each of its axes. */
interface Term {
  readonly value: Value;
  readonly letters: readonly string[];
}

/**
 * The letters of each input, and of the output. The checks and their errors are TensorFlow.js's.
 * @throws Error when the equation is not one, or does not fit the tensors
 */
function parse(equation: string, values: readonly Value[]): { terms: readonly Term[]; output: readonly string[] } {
  const { allDims, idDims } = backend_util.decodeEinsumEquation(equation, values.length);
  const tensors = values.map(({ shape }) => ({ shape: [...shape] }) as TensorInfo);
  backend_util.checkEinsumDimSizes(
    allDims.length,
    idDims,
    tensors as Parameters<typeof backend_util.checkEinsumDimSizes>[2],
  );
  const [inputs, output] = equation.replaceAll(/\s/g, '').split('->') as [string, string];
  const terms = inputs.split(',').map((letters, index) => ({ letters: [...letters], value: values[index] as Value }));
  return { terms, output: [...output] };
}

const within = (letters: readonly string[], others: readonly string[]): string[] =>
  letters.filter((letter) => others.includes(letter));
const without = (letters: readonly string[], others: readonly string[]): string[] =>
  letters.filter((letter) => !others.includes(letter));
const sizes = ({ value, letters }: Term, wanted: readonly string[]): number[] =>
  wanted.map((letter) => value.shape[letters.indexOf(letter)] ?? 1);

/** The term summed over the letters that are not `kept`. */
function summed(op: SingleApply, { value, letters }: Term, kept: readonly string[]): Term {
  const axes = letters.flatMap((letter, axis) => (kept.includes(letter) ? [] : [axis]));
  if (axes.length === 0) return { value, letters };
  return { value: op('ReduceSum', [value], { axes, keepdims: 0 }), letters: within(letters, kept) };
}

/** The term with its axes in the order of `letters`; those it lacks have size 1. */
function ordered(op: SingleApply, term: Term, letters: readonly string[]): Value {
  const present = within(letters, term.letters);
  const value = transposed(
    op,
    term.value,
    present.map((letter) => term.letters.indexOf(letter)),
  );
  return reshaped(op, value, sizes(term, letters));
}

/** Letters by what becomes of them in a product. */
interface Roles {
  /** In both terms and in the result: one product for each. */
  readonly batch: readonly string[];
  /** In both terms and not in the result: summed. */
  readonly inner: readonly string[];
}

/** The term as a stack of matrices, with the letters last that lie last already: what is together is moved together. */
function matrices(op: SingleApply, term: Term, own: readonly string[], { batch, inner }: Roles) {
  const isLast = own.includes(without(term.letters, batch).at(-1) as string);
  const groups = isLast ? [inner, own] : [own, inner];
  const value = ordered(op, term, [...batch, ...groups.flat()]);
  const stack = batch.length === 0 ? [] : [sizeOf(sizes(term, batch))];
  const shape = [...stack, ...groups.map((letters) => sizeOf(sizes(term, letters)))];
  return { value: reshaped(op, value, shape), isLast };
}

/** A product of two terms with letters to sum, as a stack of matrix products. */
function contraction(op: SingleApply, a: Term, b: Term, output: readonly string[]): Value {
  const shared = within(a.letters, b.letters);
  const roles = { batch: within(output, shared), inner: without(shared, output) };
  const [rows, columns] = [within(output, without(a.letters, shared)), within(output, without(b.letters, shared))];
  const [left, right] = [matrices(op, a, rows, roles), matrices(op, b, columns, roles)];
  const product = matrixProduct(op, left.value, right.value, left.isLast, !right.isLast);
  const letters = [...roles.batch, ...rows, ...columns];
  const shape = [...sizes(a, [...roles.batch, ...rows]), ...sizes(b, columns)];
  return ordered(op, { value: reshaped(op, product, shape), letters }, output);
}

function einsum({ list, attrs, op }: KernelCall): Value {
  const values = promote(op, list());
  const { terms, output } = parse((attrs as EinsumAttrs).equation, values);
  const [a, b] = terms.map((term, index) => summed(op, term, [...output, ...(terms[1 - index]?.letters ?? [])])) as [
    Term,
    Term?,
  ];
  if (!b) return ordered(op, a, output);
  if (without(within(a.letters, b.letters), output).length === 0)
    return op('Mul', [ordered(op, a, output), ordered(op, b, output)]);
  // Integers are multiplied as floats: sums up to 2²⁴ are exact.
  const floats = ({ value, letters }: Term): Term => ({ value: cast(op, value, 'float32'), letters });
  const firstOfB = output.find((letter) => !within(a.letters, b.letters).includes(letter));
  const [left, right] = firstOfB !== undefined && b.letters.includes(firstOfB) ? [b, a] : [a, b];
  return cast(op, contraction(op, floats(left), floats(right), output), a.value.dtype);
}

/** Products and sums by the letters of axes, `'bij,bjk->bik'`: matrix products where something is summed. */
export const einsums: LoweringTable = { Einsum: einsum };
