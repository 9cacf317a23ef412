import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broadcastShapes, formatShape, sizeOf } from '../../../src/core/shape.ts';
import { applyPlainly, type Rule } from '../../../src/ir/build.ts';
import { type Attributes, input, nodeApplying, scalar, type Value } from '../../../src/ir/graph.ts';
import type { OpName } from '../../../src/ir/op/index.ts';
import { simplifications, simplify } from '../../../src/ir/pass/simplify.ts';
import { formatGraph } from '../../../src/ir/text.ts';
import { interpret } from './interpret.ts';

const op = (name: OpName, inputs: readonly Value[], attributes: Attributes = {}): Value =>
  applyPlainly(name, inputs, attributes)[0] as Value;

function broadcasts(...values: readonly Value[]): boolean {
  try {
    values.reduce<readonly number[]>((shape, value) => broadcastShapes(shape, value.shape, ''), []);
    return values.length > 0;
  } catch {
    return false;
  }
}

/** Graphs grow by what is drawn: `choose(n)` is one of 0 … n − 1. */
type Choose = (count: number) => number;

class Growing {
  readonly values: Value[] = [];
  readonly #choose: Choose;
  #inputs = 0;

  constructor(choose: Choose) {
    this.#choose = choose;
    const sizes = [1, 2, 3].map(() => 1 + choose(3));
    const image = [2, ...sizes];
    this.values.push(this.input(image), this.input(image, 'bool'), this.input(image.slice(-1)));
    this.values.push(this.input(image.map((size, axis) => (axis === 3 ? size : 1))));
    this.values.push(scalar(choose(2), 'float32'), op('Transpose', [this.input(image)], { perm: [0, 2, 3, 1] }));
  }

  input(shape: readonly number[], dtype: 'float32' | 'bool' = 'float32'): Value {
    return input(`${dtype} ${this.#inputs++}`, dtype, shape);
  }

  /** One of the values, rather a young one. */
  pick(fits: (value: Value) => boolean = () => true): Value | undefined {
    const fitting = this.values.filter(fits);
    const at = Math.max(this.#choose(fitting.length || 1), this.#choose(fitting.length || 1));
    return fitting[at];
  }

  grow(): void {
    const kinds = [this.unary, this.binary, this.binary, this.select, this.product, this.move, this.move, this.shape];
    const kind = [...kinds, this.shape, this.sequence, this.reduce, this.convolve, this.multiply][
      this.#choose(13)
    ] as () => Value | undefined;
    const value = kind.call(this);
    if (value && sizeOf(value.shape) <= 200) this.values.push(value);
  }

  unary(): Value | undefined {
    const name = (['Neg', 'Abs', 'Relu', 'IsNaN', 'Identity'] as const)[this.#choose(5)] as OpName;
    const x = this.pick(({ dtype }) => dtype === 'float32');
    return x && op(name, [x]);
  }

  binary(): Value | undefined {
    const name = (['Add', 'Sub', 'Mul', 'Max', 'Greater'] as const)[this.#choose(5)] as OpName;
    const a = this.pick(({ dtype }) => dtype === 'float32');
    const b = a && this.pick((value) => value.dtype === 'float32' && broadcasts(a, value));
    return a && b && op(name, this.#choose(2) === 0 ? [a, b] : [b, a]);
  }

  select(): Value | undefined {
    const condition = this.pick(({ dtype }) => dtype === 'bool');
    const a = condition && this.pick((value) => value.dtype === 'float32' && broadcasts(condition, value));
    const b = a && this.pick((value) => value.dtype === 'float32' && broadcasts(condition, a, value));
    if (!b) return undefined;
    return this.#choose(2) === 0
      ? op('Where', [condition, a, b])
      : op('Where', [condition, scalar(1, 'float32'), scalar(0, 'float32')]);
  }

  /** A truth value as a number, alone or in a product. */
  product(): Value | undefined {
    const condition = this.pick(({ dtype }) => dtype === 'bool');
    const mask = condition && op('Cast', [condition], { to: 'float32' });
    const x = mask && this.pick((value) => value.dtype === 'float32' && broadcasts(mask, value));
    return x && this.#choose(3) > 0 ? op('Mul', [mask, x]) : mask;
  }

  move(): Value | undefined {
    const x = this.pick(({ shape }) => shape.length > 1);
    if (!x) return undefined;
    const rest = [...x.shape.keys()];
    const perm = x.shape.map(() => rest.splice(this.#choose(rest.length), 1)[0] as number);
    const layouts = [[0, 2, 3, 1], [0, 3, 1, 2], perm];
    return op('Transpose', [x], { perm: x.shape.length === 4 ? (layouts[this.#choose(3)] as number[]) : perm });
  }

  shape(): Value | undefined {
    const x = this.pick();
    if (!x) return undefined;
    const long = x.shape.filter((size) => size !== 1);
    const opened = x.shape.toSpliced(this.#choose(x.shape.length + 1), 0, 1);
    const shapes = [long, opened, [sizeOf(x.shape)], x.shape];
    if (this.#choose(3) > 0) return op('Reshape', [x], { shape: shapes[this.#choose(4)] as number[] });
    return op('Expand', [x], { shape: x.shape.map((size) => (size === 1 ? 1 + this.#choose(3) : size)) });
  }

  /** Transposed, given or taken axes of size 1, and perhaps transposed again. */
  sequence(): Value | undefined {
    const x = this.pick((value) => nodeApplying(value, 'Transpose') !== undefined);
    if (!x) return undefined;
    const long = x.shape.filter((size) => size !== 1);
    const y = op('Reshape', [x], { shape: long.toSpliced(this.#choose(long.length + 1), 0, 1) });
    const perm = [...y.shape.keys()];
    const turned = [...perm.slice(1), ...perm.slice(0, 1)];
    return this.#choose(2) === 0
      ? y
      : op('Transpose', [y], { perm: this.#choose(2) === 0 ? perm.toReversed() : turned });
  }

  reduce(): Value | undefined {
    const x = this.pick(({ dtype, shape }) => dtype === 'float32' && shape.length > 0);
    if (!x) return undefined;
    const name = (['ReduceSum', 'ReduceMax', 'ReduceMin'] as const)[this.#choose(3)] as OpName;
    const axes = [...x.shape.keys()].filter(() => this.#choose(2) === 0);
    const counted = axes.map((axis) => (this.#choose(2) === 0 ? axis : axis - x.shape.length));
    const keepdims = this.#choose(3);
    return op(name, [x], { axes: counted, ...(keepdims < 2 && { keepdims }) });
  }

  /** A convolution, with a bias added along its channels, or along other axes. */
  convolve(): Value | undefined {
    const x = this.pick(({ dtype, shape }) => dtype === 'float32' && shape.length === 4);
    if (!x) return undefined;
    const filter = this.input([2, x.shape[1] as number, 1, 1]);
    const y = op('Conv', [x, filter], { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0] });
    this.values.push(y);
    const shapes = [[1, 2, 1, 1], [2, 1, 1], [2, 1, 1, 1], [2], []];
    const bias = this.input(shapes[this.#choose(5)] as number[]);
    return broadcasts(y, bias) ? op('Add', [y, bias]) : undefined;
  }

  /** A matrix product, perhaps given axes of size 1, with a bias added to its columns, or elsewhere. */
  multiply(): Value | undefined {
    const x = this.pick(({ dtype, shape }) => dtype === 'float32' && shape.length > 1);
    if (!x) return undefined;
    const columns = x.shape.at(-1) as number;
    const [flat, units] = [op('Reshape', [x], { shape: [sizeOf(x.shape) / columns, columns] }), 1 + this.#choose(3)];
    const y = op('Gemm', [flat, this.input([columns, units])]);
    this.values.push(y);
    const placed = this.#choose(2) === 0 ? y : op('Reshape', [y], { shape: [...x.shape.slice(0, -1), units] });
    const shapes = [[units], [1, units], [units, 1], [flat.shape[0] as number, units], []];
    const bias = this.input(shapes[this.#choose(5)] as number[]);
    return broadcasts(placed, bias) ? op('Add', this.#choose(2) === 0 ? [placed, bias] : [bias, placed]) : undefined;
  }
}

const graphs = fc.array(fc.nat({ max: 2 ** 20 }), { minLength: 40, maxLength: 160 }).map((drawn) => {
  let at = 0;
  const growing = new Growing((count) => (drawn[at++ % drawn.length] as number) % count);
  while (at < drawn.length) growing.grow();
  const young = growing.values.slice(6);
  return Object.fromEntries(young.slice(-6).map((value, index) => [`o${index}`, value]));
});

/** Small integers, whose sums and products are exact in any order; some are special. */
function numbersFrom(special: readonly number[]): (name: string, size: number) => number[] {
  return (name, size) => {
    const start = Number(name.split(' ')[1]) * 7;
    const places = Array.from({ length: size }, (_, at) => ((start + at) * 5 + (((start + at) / 3) | 0)) % 11);
    if (name.startsWith('bool')) return places.map((place) => place % 2);
    return places.map((place) => special[place] ?? place - 8);
  };
}

/** The rules, and how often each had something to say. */
function counted(rules: Readonly<Record<string, Rule>>): {
  readonly rules: Rule[];
  readonly hits: Record<string, number>;
} {
  const hits = Object.fromEntries(Object.keys(rules).map((name) => [name, 0]));
  const watched = Object.entries(rules).map(
    ([name, rule]): Rule =>
      (call, apply) => {
        const outputs = rule(call, apply);
        if (outputs) hits[name] = (hits[name] as number) + 1;
        return outputs;
      },
  );
  return { rules: watched, hits };
}

describe('a simplified program means the same as the plain one', () => {
  it.each([
    ['on finite numbers', []],
    ['on NaN and infinities', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ])('%s', (_name, special) => {
    const { rules, hits } = counted(simplifications);
    const given = numbersFrom(special);
    const run = (outputs: Record<string, Value>): readonly number[][] =>
      interpret(Object.values(outputs), given).map((numbers) => numbers.map((number) => number + 0));
    fc.assert(
      fc.property(graphs, (plain) => {
        const simplified = simplify(plain, rules);
        const types = (values: Record<string, Value>): string[] =>
          Object.values(values).map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`);
        expect(types(simplified)).toEqual(types(plain));
        expect(run(simplified), `${formatGraph(plain)}\n---\n${formatGraph(simplified)}`).toEqual(run(plain));
      }),
      { numRuns: 1400, seed: 1 },
    );
    for (const [name, count] of Object.entries(hits)) expect(count, name).toBeGreaterThan(20);
  });
});
