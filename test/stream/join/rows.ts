import fc from 'fast-check';
import type { Chunk, LabelColumn } from '../../../src/core/chunk.ts';
import type { Reading, ReadOptions, Source } from '../../../src/source/source.ts';

export const heads = ['a', 'b'] as const;
type Head = (typeof heads)[number];

/** A sample, or labels, as tests write them. */
export interface Row {
  readonly id: string;
  readonly timeMs?: number;
  readonly labels?: Readonly<Partial<Record<Head, number>>>;
}

/** Rows as a source would give them. */
export function chunkOf(rows: readonly Row[], first: number, hasFeatures: boolean): Chunk {
  const column = (head: Head): LabelColumn => ({
    values: Float32Array.from(rows, ({ labels }) => labels?.[head] ?? Number.NaN),
    present: Uint8Array.from(rows, ({ labels }) => Number(labels?.[head] !== undefined)),
    ...(head === 'b' ? { weight: Float32Array.from(rows, ({ labels }) => (labels?.b ?? 0) / 2) } : {}),
  });
  const labels = heads.map((head) => [head, column(head)] as const);
  const numbers = rows.map((_, at) => first + at);
  const starts = Int32Array.from({ length: rows.length + 1 }, (_, at) => 2 * at);
  const pairs = numbers.flatMap((number) => [number % 5, 5 + (number % 3)]);
  return {
    rows: rows.length,
    inputs: hasFeatures
      ? {
          x: { kind: 'dense', size: 2, values: Float32Array.from(numbers.flatMap((number) => [number, number / 2])) },
          bits: { kind: 'multiHot', size: 9, starts, places: Int32Array.from(pairs) },
          text: { kind: 'sequence', lengths: [2, 4], padding: -1, starts, values: Int32Array.from(pairs) },
        }
      : {},
    labels: Object.fromEntries(labels.filter(([, { present }]) => present.includes(1))),
    keys: Int32Array.from(numbers),
    ids: rows.map(({ id }) => id),
    ...(rows.some(({ timeMs }) => timeMs !== undefined)
      ? { timesMs: Float64Array.from(rows, ({ timeMs }) => timeMs ?? Number.NaN) }
      : {}),
  };
}

export interface RowSourceOptions {
  readonly chunks?: readonly number[];
  readonly slow?: boolean;
  /** Whether reading waits at the end, for rows that `push` brings. */
  readonly isEndless?: boolean;
}

/** A source of rows that a test wrote. */
export class RowSource implements Source {
  readonly name: string;
  readonly replayable = true;
  readonly inputs;
  readonly heads = heads;
  readonly isEndless: boolean;
  readonly #rows: Row[];
  readonly #options: RowSourceOptions;
  #wake: () => void = () => {};

  constructor(name: string, rows: readonly Row[], options: RowSourceOptions = {}) {
    this.name = name;
    this.#rows = [...rows];
    this.#options = options;
    this.isEndless = options.isEndless ?? false;
    this.inputs = name === 'labels' ? {} : { x: { shape: [2], dtype: 'float32' as const } };
  }

  push(...rows: readonly Row[]): void {
    this.#rows.push(...rows);
    this.#wake();
  }

  async *read({ from, signal }: ReadOptions): AsyncGenerator<Reading> {
    const { chunks = [7], slow } = this.#options;
    let at = (from as number | undefined) ?? 0;
    signal.addEventListener('abort', () => this.#wake());
    for (let turn = 0; ; turn++) {
      if (slow) await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      const rows = this.#rows.slice(at, at + (chunks[turn % chunks.length] as number));
      if (rows.length > 0) {
        const chunk = chunkOf(rows, at, this.name !== 'labels');
        at += rows.length;
        yield { chunk, rejected: [], position: at };
      } else if (this.isEndless)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      else return;
    }
  }
}

const label = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined, freq: 2 });
const labels = fc.record({ a: label, b: label }).map(
  ({ a, b }): NonNullable<Row['labels']> => ({
    ...(a === undefined ? {} : { a }),
    ...(b === undefined ? {} : { b }),
  }),
);

/** Rows whose ids go on slowly, so that they meet, and whose times do, more or less. */
export const rowsOf = (isLabelled: boolean, minLength: number): fc.Arbitrary<readonly Row[]> =>
  fc
    .array(
      fc.record({
        ahead: fc.integer({ min: 0, max: 9 }),
        step: fc.integer({ min: -6, max: 20 }),
        isTimed: fc.integer({ min: 0, max: 9 }).map((number) => number > 0),
        labels: isLabelled
          ? labels
          : fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: labels }),
      }),
      { minLength, maxLength: 150 },
    )
    .map((rows) => {
      let timeMs = 1_000;
      return rows.map(({ ahead, step, isTimed, labels: own }, at) => {
        timeMs += step;
        return { id: `id${Math.floor(at / 1.4) + ahead}`, labels: own, ...(isTimed ? { timeMs } : {}) };
      });
    });
