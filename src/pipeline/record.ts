import { ConfigError, type Issue } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import type { ModelSpec } from '../model/index.ts';
import type { Mapping, SampleSource } from '../source/index.ts';
import { formOf } from '../stream/recording/form.ts';
import { openRecording, type Recording } from '../stream/recording.ts';
import { labelsOf } from '../stream/stage/index.ts';
import type { PipelineConfig } from './schema/index.ts';

const where = 'stream.record';

/**
 * Opens what the samples of a pipeline are recorded to; undefined where they are not.
 * @param samples the sources that are read, the first of samples; their labels are checked
 * @throws ConfigError where they can't be recorded
 */
export function recordingOf(
  { stream }: PipelineConfig,
  samples: readonly [SampleSource, ...SampleSource[]],
  model: ModelSpec,
  folder: string | undefined,
): (() => Promise<Recording>) | undefined {
  const { record, epochs } = stream;
  if (!record) return undefined;
  const recorded = {
    inputs: samples[0].inputs,
    heads: [...new Set(samples.flatMap(({ heads }) => heads))],
    mayHaveNewHeads: samples.some(({ mayHaveNewHeads }) => mayHaveNewHeads),
  };
  const weights = samples.some(({ mapping }) => hasWeights(mapping));
  const options = { labels: labelsOf(model), weights, where, ...(folder === undefined ? {} : { folder }) };
  const issues: Issue[] = [];
  if (epochs !== 1)
    issues.push({
      where: 'stream.epochs',
      expected: '1, as each epoch would be recorded again',
      found: `${epochs}`,
      hint: 'what was recorded can be trained on as often as you like',
    });
  if (recorded.mayHaveNewHeads && (weights || samples.some(({ mapping }) => hasBounds(mapping))))
    issues.push({
      where,
      expected: 'labels without weights and bounds, as those of heads that come later are recorded in a map of values',
      found: 'some that have them',
      hint: 'record where heads are named: heads: [ … ]',
    });
  try {
    formOf(recorded, options, where);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    issues.push(...error.issues);
  }
  if (issues.length > 0) throw new ConfigError(issues);
  return () => openRecording(recorded, { type: 'parquet', ...record }, options);
}

const hasWeights = (mapping: Mapping): boolean => mapping.weight !== undefined || says('weight', mapping);
const hasBounds = (mapping: Mapping): boolean => says('bound', mapping);

function says(option: 'weight' | 'bound', { labels }: Mapping): boolean {
  const described = labels?.form === 'named' ? Object.values(labels.heads) : [labels ?? {}];
  return described.some((one) => Reflect.get(one, option) !== undefined);
}

/**
 * Makes a recording ready for a run that begins.
 * @param isReplaced whether the run takes the place of another, whose recording goes
 * @throws ConfigError when there is one that is not to go
 */
export async function beginRecording(recording: Recording, path: string, isReplaced: boolean): Promise<void> {
  if (recording.place === 0) return;
  if (isReplaced) return recording.truncate(0);
  throw new ConfigError({
    where: `${where}.path`,
    expected: 'a folder without a recording',
    found: `${recording.place} parts in ${formatValue(path)}`,
    hint: 'record to another folder, or replace the run and its recording (--overwrite)',
  });
}
