import { systemClock } from '../../src/core/clock.ts';
import { TrunklineError } from '../../src/core/error.ts';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { formatTable } from '../../src/core/text-table.ts';
import type { HeadsEvaluated } from '../../src/core/train-event.ts';
import { type LoadedPipeline, loadPipeline } from '../../src/pipeline/load.ts';
import { train } from '../../src/pipeline/run/train.ts';
import '../../src/index.ts';
import { publishedOf } from './literature.ts';
import { formatSpread, meanOf, spreadOf } from './score.ts';

export interface PipelineOptions {
  readonly file: string;
  readonly seeds: number;
  /** Gets a run folder for each seed. */
  readonly directory: string;
  readonly say: (line: string) => void;
}

/** What a source's heads are worth: the mean over the heads for which a metric is defined. */
type Means = Readonly<Record<string, number>>;

/** Trains a pipeline with several seeds, and prints what its heads are worth on average, beside what was published. */
export async function reproducePipeline({ file, seeds, directory, say }: PipelineOptions): Promise<void> {
  const bySource = new Map<string, Means[]>();
  let name = '';
  for (let seed = 0; seed < seeds; seed++) {
    const loaded = seeded(await loadPipeline(file), seed, directory);
    name = loaded.config.name;
    for (const [source, event] of await scoresOf(loaded, say)) {
      const means = meansOf(event);
      say(
        `${name} seed ${seed}, ${source}: ${Object.entries(means)
          .map(([metric, mean]) => `${metric} ${mean.toFixed(4)}`)
          .join(', ')}`,
      );
      bySource.set(source, [...(bySource.get(source) ?? []), means]);
    }
  }
  const rows = [...bySource].flatMap(([source, all]) =>
    Object.keys(all[0] ?? {}).map((metric) => {
      const spread = spreadOf(all.map((means) => means[metric] as number));
      return [source, metric, formatSpread(spread), source === 'test' ? publishedOf(name, metric) : ''];
    }),
  );
  const columns = ['source', 'metric', `mean over heads, ${seeds} seeds`, 'published'];
  say(
    formatTable(
      columns.map((title) => ({ title, least: 6 })),
      rows,
      160,
    ),
  );
}

/** The same pipeline with another seed, in a run folder of its own. */
function seeded(loaded: LoadedPipeline, seed: number, directory: string): LoadedPipeline {
  const { config } = loaded;
  const folder = `${directory}/${config.name}-${seed}`;
  return { ...loaded, config: { ...config, seed, checkpoint: { ...config.checkpoint, directory: folder } } };
}

/** The last scores of each source. */
async function scoresOf(
  loaded: LoadedPipeline,
  say: (line: string) => void,
): Promise<ReadonlyMap<string, HeadsEvaluated>> {
  const last = new Map<string, HeadsEvaluated>();
  const events = (event: TrunklineEvent): void => {
    if (event.type !== 'headsEvaluated') return;
    last.set(event.source, event);
    const means = Object.entries(meansOf(event)).map(([metric, mean]) => `${metric} ${mean.toFixed(4)}`);
    say(`  epoch ${event.epoch}, ${event.source}: ${means.join(', ')}`);
  };
  const { outcome } = await train(loaded, { mode: 'overwrite', events, clock: systemClock });
  if (outcome === 'finished') return last;
  throw new TrunklineError({ where: loaded.file, expected: 'a run that ends', found: `one that was ${outcome}` });
}

function meansOf({ heads }: HeadsEvaluated): Means {
  const all = Object.values(heads).map(({ metrics }) => metrics);
  const names = [...new Set(all.flatMap((metrics) => Object.keys(metrics)))];
  return Object.fromEntries(
    names.map((name) => [name, meanOf(all.map((metrics) => metrics[name]).filter((value) => value != null))]),
  );
}
