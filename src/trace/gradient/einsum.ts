import { type EinsumAttrs, einsum, type GradConfig, mul, ones, reshape, sum, type Tensor } from '@tensorflow/tfjs-core';

/** An operand, or the gradient of the result, and its letters. */
interface Term {
  readonly tensor: Tensor;
  readonly letters: string;
}

const within = (letters: string, others: string): string =>
  [...letters].filter((letter) => others.includes(letter)).join('');

/** The term summed over the letters that are not `kept`. */
function summed({ tensor, letters }: Term, kept: string): Term {
  const axes = [...letters].flatMap((letter, axis) => (kept.includes(letter) ? [] : [axis]));
  return axes.length === 0 ? { tensor, letters } : { tensor: sum(tensor, axes), letters: within(letters, kept) };
}

/**
 * The gradient in an operand: the equation with the operand and the result in each other's place. What the operand
 * alone summed over gets the same gradient everywhere.
 */
function gradientIn(operand: Term, others: readonly Term[], result: Term): Tensor {
  const all = result.letters + operand.letters;
  const factors = [result, ...others.map((other) => summed(other, all))];
  const reached = within(operand.letters, factors.map(({ letters }) => letters).join(''));
  const equation = `${factors.map(({ letters }) => letters).join(',')}->${reached}`;
  const gradient = einsum(equation, ...factors.map(({ tensor }) => tensor));
  if (reached === operand.letters) return gradient;
  const { shape } = operand.tensor;
  const spread = shape.map((size, axis) => (reached.includes(operand.letters[axis] as string) ? size : 1));
  return mul(reshape(gradient, spread), ones(shape));
}

export const einsumGradient: GradConfig = {
  kernelName: 'Einsum',
  saveAllInputs: true,
  gradFunc: (dy, saved, attrs) => {
    const { equation } = attrs as unknown as EinsumAttrs;
    const [inputs, output] = equation.replaceAll(/\s/g, '').split('->') as [string, string];
    const terms = inputs.split(',').map((letters, index): Term => ({ letters, tensor: saved[index] as Tensor }));
    const result: Term = { letters: output, tensor: dy as Tensor };
    const gradients: ReturnType<GradConfig['gradFunc']> = {};
    for (const [index, term] of terms.entries())
      gradients[index] = () =>
        gradientIn(
          term,
          terms.filter((other) => other !== term),
          result,
        );
    return gradients;
  },
};
