import type { Chunk } from '../../core/chunk.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { RouteError } from '../../core/route.ts';
import { gatherRows } from '../../core/rows.ts';
import type { StepRunner } from '../../step/runner.ts';
import { inferenceRows } from '../../train/evaluate-source.ts';

/** What every head gives for the rows of a request. */
export interface Predicted {
  /** Steps that had ended when it was computed: those under way may be in it. */
  readonly step: number;
  readonly values: Readonly<Record<string, TypedArray>>;
}

export interface PredictorOptions {
  readonly runner: Pick<StepRunner, 'predict'>;
  /** Steps that have ended. */
  readonly step: () => number;
  /** Rows that may wait. */
  readonly backlogRows: number;
}

interface Waiting {
  readonly chunk: Chunk;
  settle(predicted: Predicted): void;
  fail(error: unknown): void;
}

const retrySeconds = 1;

/**
 * Predicts with the latest weights, also between the steps of a run. Requests that come while others are computed wait, and
 * are then computed together.
 */
export class Predictor {
  readonly #options: PredictorOptions;
  readonly #waiting: Waiting[] = [];
  /** Rows of those, and of what is computed. */
  #rows = 0;
  #working: Promise<void> | undefined;

  constructor(options: PredictorOptions) {
    this.#options = options;
  }

  /** @throws RouteError while no more rows may wait */
  admit(rows = 1): void {
    if (this.#rows === 0 || this.#rows + rows <= this.#options.backlogRows) return;
    const issue = { where: 'predictions', expected: 'room for more', found: 'as many as may wait' };
    throw new RouteError(429, issue, retrySeconds);
  }

  /** @throws RouteError while no more rows may wait; ShapeError when the rows do not fit the model */
  async predict(chunk: Chunk): Promise<Predicted> {
    this.admit(chunk.rows);
    this.#rows += chunk.rows;
    try {
      return await new Promise((settle, fail) => {
        this.#waiting.push({ chunk, settle, fail });
        this.#working ??= this.#work();
      });
    } finally {
      this.#rows -= chunk.rows;
    }
  }

  async #work(): Promise<void> {
    // What comes in the same turn is computed together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      let [count, rows] = [0, 0];
      for (; count < this.#waiting.length && rows < inferenceRows; count++)
        rows += (this.#waiting[count] as Waiting).chunk.rows;
      const group = this.#waiting.splice(0, count);
      try {
        await this.#answer(group);
      } catch (error) {
        // Of several that are computed together one may be at fault.
        if (group.length === 1) group[0]?.fail(error);
        else for (const one of group) await this.#answer([one]).catch(one.fail);
      }
    }
    this.#working = undefined;
  }

  async #answer(group: readonly Waiting[]): Promise<void> {
    const step = this.#options.step();
    const { rows, values } = await this.#compute(group.map(({ chunk }) => chunk));
    let start = 0;
    for (const { chunk, settle } of group) {
      const end = start + chunk.rows;
      const own = Object.entries(values).map(([head, all]) => {
        const size = all.length / rows;
        return [head, all.subarray(start * size, end * size)] as const;
      });
      settle({ step, values: Object.fromEntries(own) });
      start = end;
    }
  }

  async #compute(chunks: readonly Chunk[]) {
    const of = Int32Array.from(chunks.flatMap(({ rows }, at) => Array<number>(rows).fill(at)));
    const places = Int32Array.from(chunks.flatMap(({ rows }) => Array.from({ length: rows }, (_, row) => row)));
    const rows = of.length;
    const values: Record<string, TypedArray> = {};
    for (let start = 0; start < rows; start += inferenceRows) {
      const count = Math.min(inferenceRows, rows - start);
      const size = sizeFor(count);
      // A program is compiled for each number of rows: the last row stands for those that are missing.
      const at = Array.from({ length: size }, (_, row) => start + Math.min(row, count - 1));
      const { inputs } = gatherRows(chunks, {
        of: at.map((row) => of[row] as number),
        rows: at.map((row) => places[row] as number),
      });
      for (const [head, some] of Object.entries(await this.#options.runner.predict(size, inputs))) {
        const each = some.length / size;
        values[head] ??= new Float32Array(rows * each);
        (values[head] as Float32Array).set(some.subarray(0, count * each) as Float32Array, start * each);
      }
    }
    return { rows, values };
  }
}

/** The smallest power of two that so many rows fit. */
const sizeFor = (rows: number): number => 2 ** Math.ceil(Math.log2(rows));
