import { layers } from '@tensorflow/tfjs-layers';
import { onTestFinished } from 'vitest';
import type { TrunklineEvent } from '../../src/core/event.ts';
import type { StepState } from '../../src/step/state.ts';
import type { CompileOptions } from '../../src/train/compile-options.ts';
import { Graph } from '../../src/train/graph.ts';

const { dense } = layers;

export const engine = { type: 'onnx-cpu', threads: 1, worker: false } as const;
/** One that computes while the test goes on. */
export const worker = { type: 'onnx-cpu', threads: 1 } as const;

export const matrix = (rows: number, columns: number, seed = 1): number[][] =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, at) => Math.sin((row * columns + at) * 12.9898 + seed)),
  );
export const column = (rows: number, seed = 3): number[] => matrix(rows, 1, seed).map(([value]) => value as number);

export const x = matrix(8, 4);
export const y = { first: column(8), second: column(8, 5) };

export interface Made {
  readonly graph: Graph;
  readonly events: TrunklineEvent[];
  readonly options: CompileOptions;
}

/** Two heads on a trunk of one layer. */
export function twoHeads(compile: Partial<CompileOptions> = {}, units = 6): Made {
  const events: TrunklineEvent[] = [];
  const graph = new Graph();
  const trunk = graph.input('x', [4]).add(dense({ units, activation: 'tanh', name: 'hidden' }));
  const [a, b] = graph.fork(trunk, ['a', 'b']);
  graph.output('first', a.add(dense({ units: 1 })), { loss: 'meanSquaredError', denominator: 'ema' });
  graph.output('second', b.add(dense({ units: 1 })), { loss: 'meanSquaredError' });
  const options: CompileOptions = {
    optimizer: { type: 'adam', learningRate: 0.05 },
    engine,
    events: (event) => events.push(event),
    ...compile,
  };
  graph.compile(options);
  onTestFinished(() => graph.close());
  return { graph, events, options };
}

/** The names of what differs between two states. */
export function changed(before: StepState, after: StepState): readonly string[] {
  const names = new Set([...Object.keys(before.arrays), ...Object.keys(after.arrays)]);
  return [...names].filter((name) => `${before.arrays[name]}` !== `${after.arrays[name]}`);
}

export const compiledPrograms = (events: readonly TrunklineEvent[]): number =>
  events.filter(({ type }) => type === 'programCompiled').length;
