import { type ConfigOf, family, type ParsedOf } from '../core/plugin.ts';
import { accuracy } from './accuracy.ts';
import { f1 } from './f1.ts';
import { mcc } from './mcc.ts';
import { meanAbsoluteError } from './meanAbsoluteError.ts';
import { meanSquaredError } from './meanSquaredError.ts';
import { pearson } from './pearson.ts';
import { prAuc } from './prAuc.ts';
import { precision } from './precision.ts';
import { r2 } from './r2.ts';
import { recall } from './recall.ts';
import { rocAuc } from './rocAuc.ts';
import { rootMeanSquaredError } from './rootMeanSquaredError.ts';
import { spearman } from './spearman.ts';
import { topK } from './topK.ts';

/** Every metric there is. */
export const metrics = family('metric', [
  accuracy,
  topK,
  precision,
  recall,
  f1,
  mcc,
  rocAuc,
  prAuc,
  meanSquaredError,
  rootMeanSquaredError,
  meanAbsoluteError,
  r2,
  pearson,
  spearman,
]);

/** What a user writes for a metric. */
export type MetricConfig = ConfigOf<(typeof metrics.plugins)[number]>;
/** A checked configuration, defaults filled in. */
export type ParsedMetricConfig = ParsedOf<(typeof metrics.plugins)[number]>;

export type { LabelledRows, Metric, MetricContext, MetricState } from './metric.ts';
