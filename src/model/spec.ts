import type { Variable } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { Shape } from '../core/shape.ts';
import type { Denominator, Loss, LossConfig } from '../loss/index.ts';
import type { MetricConfig } from '../metric/index.ts';

/** What a head is trained for, and how. */
export interface Objective {
  readonly loss: Loss;
  /** How the loss was written, for summaries and files. */
  readonly config: LossConfig;
  /** Factor of the loss in the merged one. A runtime input: see `HeadSettings`. */
  readonly weight: number;
  readonly denominator: Denominator;
  readonly metrics: readonly MetricConfig[];
  /** How many of its last labels the metrics are computed over while it trains, each before it was trained on; 0 for none. */
  readonly prequential: number;
  /** Factor of the learning rate of what only this head uses. */
  readonly learningRate: number;
  /** Whether what only this head uses stays as it is. */
  readonly frozen: boolean;
  /** Whether it may be computed together with heads that are alike. */
  readonly fuse: boolean;
}

/** A value that flows through the model: the place in `ModelSpec.values`. */
export type ValueId = number;

export interface ModelInput {
  readonly name: string;
  /** Of one sample, without the batch axis. −1 is the length of a sequence: each batch has its own. */
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
  readonly value: ValueId;
  /** How many ids there are, from 0 on, when the input goes into an embedding. */
  readonly ids?: number;
}

/** One use of a layer. A shared layer has several. */
export interface ModelNode {
  readonly layer: layers.Layer;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** Of one sample, without the batch axis, for each output. A size that is not known is −1. */
  readonly shapes: readonly Shape[];
  /** What the layer is called with besides its inputs. */
  readonly callArgs: Readonly<Record<string, unknown>>;
  readonly branch: string;
}

/** An output of the model. Without an objective it is predicted and not trained. */
export interface Head {
  readonly name: string;
  readonly value: ValueId;
  /** Of one sample, without the batch axis. */
  readonly shape: Shape;
  readonly branch: string;
  readonly objective?: Objective;
  /** Whether the head is left out when predicting and evaluating, as auxiliary heads in mid-trunk are. */
  readonly trainingOnly: boolean;
}

/** A weight, by a name that depends on nothing but its layer's. */
export interface Parameter {
  readonly name: string;
  readonly variable: Variable;
  readonly layer: layers.Layer;
  readonly branch: string;
}

/** Parameters that move together: those of one layer. */
export interface ParameterGroup {
  /** The layer's. */
  readonly name: string;
  readonly layer: layers.Layer;
  readonly branch: string;
  /** Heads with an objective whose output depends on these parameters. */
  readonly heads: readonly string[];
  readonly parameters: readonly Parameter[];
}

/**
 * A model, whatever it was described with: inputs, uses of layers in an order in which they can be computed, heads. It
 * only describes: `step/` computes it, `train/` trains it.
 */
export interface ModelSpec {
  readonly inputs: readonly ModelInput[];
  readonly nodes: readonly ModelNode[];
  readonly heads: readonly Head[];
  readonly groups: readonly ParameterGroup[];
  /** Heads with an objective that depend on each value, in the heads' order. */
  readonly readers: readonly (readonly string[])[];
}
