import type { OptimizerType } from '../../../src/engine/kernel/index.ts';

/** Two steps from a parameter of 1, with gradients 0.5 and −0.25 and a learning rate of 0.1. */
export interface Golden {
  readonly type: OptimizerType;
  readonly settings?: Readonly<Record<string, number>>;
  readonly scale?: number;
  /** The parameter after each step. */
  readonly parameter: readonly [number, number];
  /** The slots after the second step. */
  readonly slots: readonly number[];
}

/** Worked out by hand from the equations as published. */
export const golden: readonly Golden[] = [
  { type: 'sgd', parameter: [0.95, 0.975], slots: [] },
  // g = 0.5 · 0.5 + 0.1 · 1 = 0.35; 1 − 0.1 · (0.35 + 0.2 · 1)
  { type: 'sgd', scale: 0.5, settings: { l2: 0.1, decay: 0.2 }, parameter: [0.945, 0.92915], slots: [] },
  // v = 0.5, then 0.9 · 0.5 − 0.25
  { type: 'momentum', parameter: [0.95, 0.93], slots: [0.2] },
  { type: 'momentum', settings: { momentum: 0.5, decay: 0.2 }, parameter: [0.93, 0.9114], slots: [0] },
  // directions: 0.5 + 0.9 · 0.5, then −0.25 + 0.9 · 0.2
  { type: 'nesterov', parameter: [0.905, 0.912], slots: [0.2] },
  { type: 'nesterov', settings: { momentum: 0.5, decay: 0.2 }, parameter: [0.905, 0.9119], slots: [0] },
  // m̂ = 0.02 / 0.19, v̂ = 0.00031225 / 0.001999 in the second step
  { type: 'adam', parameter: [0.9, 0.8733663], slots: [0.02, 0.00031225] },
  { type: 'adam', settings: { decay: 0.01 }, parameter: [0.899, 0.8714673], slots: [0.02, 0.00031225] },
  {
    type: 'adam',
    scale: 0.5,
    settings: { l2: 0.1, decay: 0.2, epsilon: 0.1 },
    parameter: [0.9022222, 0.8418753],
    slots: [0.0280222, 0.000123587],
  },
  { type: 'adagrad', parameter: [0.9, 0.9447214], slots: [0.3125] },
  { type: 'adagrad', settings: { epsilon: 0.5 }, parameter: [0.95, 0.9736068], slots: [0.3125] },
  { type: 'rmsprop', parameter: [0.6837723, 0.8312142], slots: [0.02875] },
  { type: 'rmsprop', settings: { rho: 0.75, epsilon: 0.25 }, parameter: [0.9, 0.95], slots: [0.0625] },
  // c = 0.05, then 0.9 · 0.005 − 0.1 · 0.25 < 0
  { type: 'lion', parameter: [0.9, 1], slots: [0.00245] },
  { type: 'lion', settings: { decay: 0.5 }, parameter: [0.85, 0.9075], slots: [0.00245] },
];
