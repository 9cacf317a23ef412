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
 * @param samples the sources that are read, the first of samples
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
  const recorded = { inputs: samples[0].inputs, heads: [...new Set(samples.flatMap(({ heads }) => heads))] };
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
  try {
    formOf(recorded, options, where);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    issues.push(...error.issues);
  }
  if (issues.length > 0) throw new ConfigError(issues);
  return () => openRecording(recorded, { type: 'parquet', ...record }, options);
}

function hasWeights({ weight, labels }: Mapping): boolean {
  if (weight !== undefined || labels === undefined) return weight !== undefined;
  return (labels.form === 'named' ? Object.values(labels.heads) : [labels]).some(
    (one) => 'weight' in one && one.weight !== undefined,
  );
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
