import type { TypedArray } from '../core/dtype.ts';
import type { ModelSpec, ValueId } from '../model/spec.ts';

/** What is known of values, their uses and the heads they serve. */
interface Uses extends Pick<ModelSpec, 'readers'> {
  readonly inputs: readonly { readonly value: ValueId }[];
  readonly nodes: readonly { readonly inputs: readonly ValueId[]; readonly outputs: readonly ValueId[] }[];
  readonly heads: readonly { readonly value: ValueId; readonly objective?: unknown }[];
}

/**
 * Where heads first part: values that some of their users serve fewer heads than they do, and that depend on no other
 * such value. A head's gradient there is its say in everything before.
 */
export function partings(spec: Uses): readonly ValueId[] {
  const readers = (value: ValueId): number => spec.readers[value]?.length ?? 0;
  const after = new Set<ValueId>();
  const found: ValueId[] = [];
  const visit = (value: ValueId): void => {
    if (after.has(value) || readers(value) < 2) return;
    const uses = spec.nodes.filter(({ inputs }) => inputs.includes(value));
    const parts = uses.some(({ outputs }) => outputs.every((output) => readers(output) < readers(value)));
    const ends = spec.heads.some((head) => head.objective && head.value === value);
    if (parts || ends) {
      found.push(value);
      markAfter(value);
    }
  };
  const markAfter = (value: ValueId): void => {
    for (const { inputs, outputs } of spec.nodes)
      if (inputs.includes(value))
        for (const output of outputs)
          if (!after.has(output)) {
            after.add(output);
            markAfter(output);
          }
  };
  for (const { value } of spec.inputs) visit(value);
  for (const { outputs } of spec.nodes) for (const output of outputs) visit(output);
  return found;
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
