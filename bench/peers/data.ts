import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TypedArray } from '../../src/core/dtype.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { encodeSafetensors, type StoredTensor } from '../../src/train/safetensors.ts';
import { type Heads, type Layer, type Parameter, partsOf, type Work } from './work.ts';

/** Batches that are trained on in turn. */
export const batchCount = 6;

/** Numbers in [0, 1), always the same. @see Steele et al. 2014, SplitMix, in 32 bits */
function drawer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

const tensor = (shape: readonly number[], values: TypedArray): StoredTensor => ({
  dtype: values instanceof Int32Array ? 'int32' : 'float32',
  shape,
  values,
});

function initial({ shape, initial: kind }: Parameter, draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (kind === 'zeros') return values;
  if (kind === 'ones') return values.fill(1);
  // Uniform, of that deviation.
  return values.map(() => (draw() - 0.5) * Math.sqrt(12) * kind.deviation);
}

const unitsOf = ({ layers }: Heads): number => (layers.at(-1) as Layer & { readonly units: number }).units;

/** Numbers that a row's labels are: one for each head, or for each unit of a box. */
const labelWidth = (head: Heads): number => (head.loss === 'smoothL1' ? unitsOf(head) : head.count);

/** Single labels, as row and head, no two of them of the same; every row has some. */
function pairs(count: number, labels: number, rows: number, draw: () => number): Int32Array {
  const taken = new Set<number>();
  while (taken.size < labels) taken.add((taken.size % rows) * count + Math.floor(draw() * count));
  return Int32Array.from([...taken].flatMap((place) => [Math.floor(place / count), place % count]));
}

/** Which labels of a batch are known, by head. Each row has one, so that no row is left out of a batch. */
function masksOf({ heads }: Work, rows: number, batch: number, draw: () => number): readonly Float32Array[] {
  const masks = heads.map(({ known, count }, place) => {
    if (typeof known === 'object') return new Float32Array();
    const share = known === 'inTurn' ? Number(batch % heads.length === place) : known;
    return Float32Array.from({ length: rows * count }, () => Number(draw() < share));
  });
  for (let row = 0; row < rows && masks.every(({ length }) => length > 0); row++) {
    const isKnown = heads.some(({ count }, place) =>
      masks[place]?.subarray(row * count, (row + 1) * count).includes(1),
    );
    const place = row % heads.length;
    const { count } = heads[place] as Heads;
    if (!isKnown) masks[place]?.fill(1, row * count + (row % count), row * count + (row % count) + 1);
  }
  return masks;
}

function labelsOf(head: Heads, rows: number, draw: () => number): TypedArray {
  const values = Array.from({ length: rows * labelWidth(head) }, draw);
  if (head.loss === 'sparseCategoricalCrossentropy')
    return Int32Array.from(values, (value) => Math.floor(value * unitsOf(head)));
  return Float32Array.from(values, (value) => (head.loss === 'smoothL1' ? (value - 0.5) * 4 : Math.round(value)));
}

/**
 * Writes what a contender is given into a folder: `work.json`, and in `data.safetensors` the initial parameters under
 * their names and the batches as `x/0`, `y/<head>/0`, `mask/<head>/0`, `x/1`, …
 * Single labels stand in `y`, and their rows and heads in `at/<head>/0`.
 */
export function writeWork(folder: string, work: Work, rows: number): void {
  const tensors = new Map<string, StoredTensor>();
  const draw = drawer(7);
  for (const parameter of partsOf(work).parameters)
    tensors.set(parameter.name, tensor(parameter.shape, initial(parameter, draw)));
  const { shape, ids } = work.input;
  for (let batch = 0; batch < batchCount; batch++) {
    const count = rows * sizeOf(shape);
    const x = ids
      ? Int32Array.from({ length: count }, () => Math.floor(draw() ** 3 * ids))
      : Float32Array.from({ length: count }, () => draw() * 2 - 1);
    tensors.set(`x/${batch}`, tensor([rows, ...shape], x));
    const masks = masksOf(work, rows, batch, draw);
    for (const [place, head] of work.heads.entries()) {
      if (typeof head.known === 'object') {
        const { labels } = head.known;
        tensors.set(`at/${head.name}/${batch}`, tensor([labels, 2], pairs(head.count, labels, rows, draw)));
        tensors.set(
          `y/${head.name}/${batch}`,
          tensor(
            [labels],
            Float32Array.from({ length: labels }, () => Math.round(draw())),
          ),
        );
        continue;
      }
      tensors.set(`y/${head.name}/${batch}`, tensor([rows, labelWidth(head)], labelsOf(head, rows, draw)));
      tensors.set(`mask/${head.name}/${batch}`, tensor([rows, head.count], masks[place] as Float32Array));
    }
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'work.json'), JSON.stringify({ ...work, rows, batches: batchCount }));
  writeFileSync(join(folder, 'data.safetensors'), Buffer.concat(encodeSafetensors({ tensors, metadata: {} })));
}
