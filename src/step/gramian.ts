import type { TypedArray } from '../core/dtype.ts';
import type { ModelSpec, ValueId } from '../model/spec.ts';

/** What is known of values, their uses and the heads they serve. */
interface Uses extends Pick<ModelSpec, 'readers'> {
  readonly inputs: readonly { readonly value: ValueId }[];
  readonly nodes: readonly { readonly inputs: readonly ValueId[]; readonly outputs: readonly ValueId[] }[];
  readonly heads: readonly { readonly value: ValueId; readonly objective?: unknown }[];
}

/**
 * Where heads part: values that several heads depend on, and some of their users fewer, or none because a head ends
 * there. Every way from a shared parameter to a head passes one of them, so together a head's gradients there are its
 * say in everything that it shares, before an auxiliary head as well as behind it.
 */
export function partings({ inputs, nodes, heads, readers }: Uses): readonly ValueId[] {
  const readersOf = (value: ValueId): number => readers[value]?.length ?? 0;
  const narrows = (from: ValueId, to: ValueId): boolean => readersOf(to) > 0 && readersOf(to) < readersOf(from);
  const part = (value: ValueId): boolean =>
    nodes.some((node) => node.inputs.includes(value) && node.outputs.some((output) => narrows(value, output))) ||
    heads.some((head) => head.objective && head.value === value);
  const values = [...inputs.map(({ value }) => value), ...nodes.flatMap(({ outputs }) => outputs)];
  return values.filter((value) => readersOf(value) > 1 && part(value));
}

/** The name under which a program gives one head's gradient at the parting of a number. */
const gradientName = (head: string, parting: number): string => `gradient[${head}]@parting${parting}`;
export const partingName = (parting: number): string => `parting${parting}`;

/**
 * Inner products of heads' gradients where they part.
 * @param outputs of a program's first stage
 * @returns `[heads, heads]` row-major
 */
export function gramianOf(
  outputs: Readonly<Record<string, TypedArray>>,
  heads: readonly string[],
  count: number,
): Float64Array {
  const gramian = new Float64Array(heads.length ** 2);
  for (let parting = 0; parting < count; parting++) {
    const gradients = heads.map((head) => outputs[gradientName(head, parting)] as Float32Array | undefined);
    for (let row = 0; row < heads.length; row++)
      for (let column = row; column < heads.length; column++) {
        const [a, b] = [gradients[row], gradients[column]];
        if (!a || !b) continue;
        let product = 0;
        for (let at = 0; at < a.length; at++) product += (a[at] as number) * (b[at] as number);
        gramian[row * heads.length + column] = (gramian[row * heads.length + column] as number) + product;
      }
  }
  for (let row = 0; row < heads.length; row++)
    for (let column = 0; column < row; column++)
      gramian[row * heads.length + column] = gramian[column * heads.length + row] as number;
  return gramian;
}
