import type { TypedArray } from '../../core/dtype.ts';
import type { LabelScale, SampleSource } from '../../source/index.ts';
import type { Pipeline } from '../assemble.ts';

/** What a head predicts for one row: a number, or as many as its labels have. */
export type HeadPrediction = number | readonly number[];

/** Reads what heads predict out of what a model gives: probabilities of classifiers, else numbers on the labels' scale. */
export class PredictionReader {
  /** Heads that predict. */
  readonly heads: readonly string[];
  readonly #scales: ReadonlyMap<string, LabelScale>;

  constructor({ model, read, sources }: Pick<Pipeline, 'model' | 'read' | 'sources'>) {
    this.heads = model.heads.filter(({ trainingOnly }) => !trainingOnly).map(({ name }) => name);
    this.#scales = new Map(
      [...read].reverse().flatMap((name) => [...(sources.get(name) as SampleSource).labelScales()]),
    );
  }

  /** @param values of all rows */
  of(head: string, values: TypedArray, row: number, rows: number): HeadPrediction {
    const size = values.length / rows;
    const scale = this.#scales.get(head);
    const own = Array.from({ length: size }, (_, at) => {
      const value = Number(values[row * size + at]);
      if (!scale) return value;
      const moved = value * (scale.scale[at] as number) + (scale.mean[at] as number);
      return Math.fround(scale.log10 ? 10 ** moved : moved);
    });
    return size === 1 ? (own[0] as number) : own;
  }
}
