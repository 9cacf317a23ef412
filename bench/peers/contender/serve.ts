import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TypedArray } from '../../../src/core/dtype.ts';
import { decodeSafetensors, type StoredTensor } from '../../../src/train/safetensors.ts';
import type { Heads, Work } from '../work.ts';

// What the contenders in Node share: the work they are given, and how they are asked to train (see ../process.ts).

/** One batch: what goes in, and the labels and masks of the heads that have a label in it. */
export interface GivenBatch {
  readonly x: StoredTensor;
  readonly known: ReadonlyMap<string, { readonly y: StoredTensor; readonly mask: StoredTensor }>;
}

/** Labels one by one: `at` says of which row and head each is. */
export interface SingleLabels {
  readonly y: StoredTensor;
  readonly at: StoredTensor;
}

/** A work, its initial parameters and its batches, as `writeWork` writes them. */
export class Given {
  readonly work: Omit<Work, 'batches'> & { readonly rows: number; readonly batches: number };
  readonly threads: number;
  readonly form: string;
  readonly #tensors: ReadonlyMap<string, StoredTensor>;

  constructor(folder: string, threads: number, form: string) {
    const file = join(folder, 'data.safetensors');
    this.work = JSON.parse(readFileSync(join(folder, 'work.json'), 'utf8'));
    this.threads = threads;
    this.form = form;
    this.#tensors = decodeSafetensors(readFileSync(file), file).tensors;
  }

  /** Parameters of the layer at a place, in the order in which tf.layers has them. */
  weights(place: string): readonly StoredTensor[] {
    const names = ['kernel', 'bias', 'gamma', 'beta'].map((name) => `${place}.${name}`);
    return names.flatMap((name) => this.#tensors.get(name) ?? []);
  }

  get batches(): readonly GivenBatch[] {
    return Array.from({ length: this.work.batches }, (_, at) => {
      const known = this.work.heads
        .map((head) => [head.name, this.#labels(head, at)] as const)
        .filter(([, { mask }]) => mask.values.some((value) => value === 1));
      return { x: this.input(at), known: new Map(known) };
    });
  }

  input(batch: number): StoredTensor {
    return this.#tensor(`x/${batch}`);
  }

  /** Of heads whose labels are given one by one. */
  singleLabels(head: string, batch: number): SingleLabels | undefined {
    const at = this.#tensors.get(`at/${head}/${batch}`);
    return at && { y: this.#tensor(`y/${head}/${batch}`), at };
  }

  #labels({ name, count }: Heads, batch: number): { readonly y: StoredTensor; readonly mask: StoredTensor } {
    const single = this.singleLabels(name, batch);
    if (!single) return { y: this.#tensor(`y/${name}/${batch}`), mask: this.#tensor(`mask/${name}/${batch}`) };
    const shape = [this.work.rows, count];
    const [y, mask] = [new Float32Array(this.work.rows * count), new Float32Array(this.work.rows * count)];
    single.y.values.forEach((value, place) => {
      const [row, head] = [single.at.values[2 * place] as number, single.at.values[2 * place + 1] as number];
      y[row * count + head] = value as number;
      mask[row * count + head] = 1;
    });
    return { y: { dtype: 'float32', shape, values: y }, mask: { dtype: 'float32', shape, values: mask } };
  }

  #tensor(name: string): StoredTensor {
    return this.#tensors.get(name) as StoredTensor;
  }
}

/** What alike heads are called one by one. */
export const headNames = ({ name, count }: Heads): readonly string[] =>
  count === 1 ? [name] : Array.from({ length: count }, (_, at) => `${name}${at}`);

export interface Contender {
  readonly name: string;
  /** Takes a step on each batch of those numbers. @returns the last loss */
  train(numbers: readonly number[]): Promise<number> | number;
}

/** Builds a contender for what the command line says, takes its first step, and then as many as each line of input asks for. */
export async function serve(build: (given: Given) => Promise<Contender> | Contender): Promise<never> {
  const [folder = '', threads, form = ''] = process.argv.slice(2);
  const given = new Given(folder, Number(threads), form);
  const say = (told: object): unknown => process.stdout.write(`${JSON.stringify(told)}\n`);
  const started = performance.now();
  const { name, train } = await build(given);
  let taken = 0;
  const steps = async (count: number): Promise<{ ms: number; loss: number }> => {
    const numbers = Array.from({ length: count }, (_, at) => (taken + at) % given.work.batches);
    const began = performance.now();
    const loss = await train(numbers);
    taken += count;
    return { ms: performance.now() - began, loss };
  };
  const { loss } = await steps(1);
  say({ name, loss, ms: performance.now() - started });
  for await (const line of createInterface({ input: process.stdin })) say(await steps(Number(line)));
  process.exit(0);
}

/** The numbers of one of `count` columns that lie side by side. */
export function column(values: TypedArray, count: number, at: number): Float32Array | Int32Array {
  const rows = values.length / count;
  const taken = values instanceof Int32Array ? new Int32Array(rows) : new Float32Array(rows);
  for (let row = 0; row < rows; row++) taken[row] = values[row * count + at] as number;
  return taken;
}
