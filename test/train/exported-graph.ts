import type { TypedArray } from '../../src/core/dtype.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { ModelSpec } from '../../src/model/index.ts';
import type { Graph } from '../../src/train/graph.ts';
import type { Prediction } from '../../src/train/predict.ts';

/** How many samples there are. */
export const rows = 6;
const wave = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed));

/** Samples for every input: numbers, or words of which some are the one that is masked. */
export function samplesFor({ inputs }: ModelSpec): Record<string, { values: TypedArray; shape: readonly number[] }> {
  return Object.fromEntries(
    inputs.map(({ name, shape, dtype }, seed) => {
      const numbers = wave(rows * sizeOf(shape), seed);
      const values =
        dtype === 'int32'
          ? Int32Array.from(numbers, (x) => Math.max(0, Math.floor(x * 20)))
          : Float32Array.from(numbers);
      return [name, { values, shape: [rows, ...shape] }];
    }),
  );
}

/** A label for every row and head. */
export function labelsFor({ heads }: ModelSpec): Record<string, (number | number[])[]> {
  const labels = heads.flatMap(({ name, shape, objective }) => {
    if (!objective) return [];
    const type = objective.config.type;
    const spec = objective.loss.label(shape, name);
    const one = (row: number): number | number[] => {
      const all = Array.from({ length: sizeOf(spec.shape) }, (_, at) => Number(at === row % sizeOf(spec.shape)));
      return type === 'sparseCategoricalCrossentropy' ? row % 5 : all;
    };
    return [[name, Array.from({ length: rows }, (_, row) => one(row))] as const];
  });
  return Object.fromEntries(labels);
}

/** Builds a model and trains it a little. */
export async function train(graph: Graph, build: (graph: Graph) => void): Promise<void> {
  build(graph);
  graph.compile({
    optimizer: { type: 'adam', learningRate: 0.05 },
    engine: { type: 'onnx-cpu', threads: 1, worker: false },
  });
  const spec = graph.describe();
  await graph.fit(samplesFor(spec), labelsFor(spec), { epochs: 3, batchRows: 3 });
}

/** What the graph predicts, by head. */
export async function predicted(graph: Graph): Promise<Record<string, Prediction>> {
  const spec = graph.describe();
  const [first, ...others] = spec.heads;
  const found = await graph.predict(samplesFor(spec));
  return (others.length === 0 ? { [first?.name as string]: found } : found) as Record<string, Prediction>;
}
