import { systemClock } from '../core/clock.ts';
import { ignoreEvents } from '../core/event.ts';
import { trunklineBackend } from '../engine/backend.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { scalesOf, unitLines, unitsOf } from '../pipeline/run/scale.ts';
import { openSamples } from '../pipeline/run/source.ts';
import { openTrained } from '../pipeline/run/trained.ts';
import { formatCount } from '../report/format.ts';
import { HeadTable } from '../report/head-table.ts';
import { evaluateSource } from '../train/evaluate-source.ts';

export interface EvaluateCommandOptions {
  readonly source?: string;
  /** The scores as JSON, in place of a table. */
  readonly json?: boolean;
}

/**
 * Scores every head of a trained pipeline on a source.
 * @throws TrunklineError when it was not trained, or the source can't be read
 */
export async function evaluateCommand(
  file: string,
  { source: chosen, json }: EvaluateCommandOptions,
  print: (line: string) => void,
): Promise<void> {
  trunklineBackend();
  const trained = await openTrained(await loadPipeline(file), ignoreEvents);
  try {
    const source = await openSamples(trained.pipeline, chosen === undefined ? {} : { source: chosen });
    const found = await evaluateSource(trained.runner, source, { signal: new AbortController().signal });
    const place = { source: source.name, step: trained.step, epoch: 0 };
    if (json) return print(JSON.stringify({ source: source.name, step: trained.step, ...found }));
    const table = new HeadTable(systemClock);
    table.event({ type: 'headsEvaluated', ...place, rows: found.rows, heads: found.heads, durationMs: 0 });
    const { step, pipeline } = trained;
    print(
      `${pipeline.name} on ${source.name}, ${formatCount(found.rows)} rows, as of step ${formatCount(step)}\n\n${table.format(process.stdout.columns)}`,
    );
    for (const line of unitLines(unitsOf(scalesOf(pipeline)))) print(line);
  } catch (error) {
    throw trained.pipeline.located(error);
  } finally {
    await trained.close();
  }
}
