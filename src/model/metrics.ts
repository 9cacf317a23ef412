import { sizeOf } from '../core/shape.ts';
import type { LabelSpec } from '../loss/index.ts';
import { type Metric, type MetricContext, metrics } from '../metric/index.ts';
import type { Head, Objective } from './spec.ts';

/** A head that is trained, as its metrics see it. */
export type MeasuredHead = Pick<Head, 'name' | 'shape'> & { readonly objective: Objective; readonly label: LabelSpec };

/** Numbers of one best guess, and of one label. */
export function widthsOf({ objective, label, shape }: MeasuredHead): Pick<MetricContext, 'width' | 'labelWidth'> {
  const labelWidth = sizeOf(label.shape);
  return { width: objective.loss.prediction === 'distribution' ? sizeOf(shape) : labelWidth, labelWidth };
}

/**
 * Makes the metrics of a head.
 * @throws ConfigError when one is not known, or does not go with the head
 */
export function metricsOf(head: MeasuredHead): readonly (readonly [string, Metric])[] {
  const { name, shape, objective } = head;
  const { prediction } = objective.loss;
  const classes = prediction === 'distribution' ? { classes: shape.at(-1) as number } : {};
  const context: MetricContext = { prediction, ...widthsOf(head), ...classes, where: `head "${name}"` };
  return objective.metrics.map((config) => [config.type, metrics.build(config, context, `output '${name}', metric`)]);
}
