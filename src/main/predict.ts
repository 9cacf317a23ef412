import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ignoreEvents } from '../core/event.ts';
import { trunklineBackend } from '../engine/backend.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { predict } from '../pipeline/run/predict.ts';
import { type Chosen, openSamples } from '../pipeline/run/source.ts';
import { openTrained } from '../pipeline/run/trained.ts';
import { formatCount } from '../report/format.ts';
import { reasonLines } from './rejected.ts';

export interface PredictCommandOptions extends Chosen {
  /** A file that ends in .parquet, .csv or .ndjson; in the run folder when left out. */
  readonly out?: string;
}

/**
 * Writes what every head of a trained pipeline predicts.
 * @throws TrunklineError when it was not trained, or the data does not fit
 */
export async function predictCommand(
  file: string,
  options: PredictCommandOptions,
  print: (line: string) => void,
): Promise<void> {
  trunklineBackend();
  const trained = await openTrained(await loadPipeline(file), ignoreEvents);
  try {
    const source = await openSamples(trained.pipeline, options);
    const name = basename(source.name)
      .replaceAll(/[^\w.-]+/g, '_')
      .replace(/\.\w+$/, '');
    const out = options.out ?? trained.folder.path('predictions', `${name}.parquet`);
    await mkdir(dirname(out), { recursive: true });
    const { rows, rejected, reasons } = await predict(trained, source, out, new AbortController().signal);
    print(`${formatCount(rows)} rows of ${source.name} predicted as of step ${formatCount(trained.step)}: ${out}`);
    if (rejected === 0) return;
    const hint = source.mapping.id === undefined ? '; map an id column to tell which' : '';
    const those = rejected === 1 ? 'record could not be read and is' : 'records could not be read and are';
    print(`${formatCount(rejected)} ${those} not among them${hint}:`);
    for (const line of reasonLines(reasons, trained.pipeline.located)) print(line);
  } catch (error) {
    throw trained.pipeline.located(error);
  } finally {
    await trained.close();
  }
}
