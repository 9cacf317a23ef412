import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMeasured } from '../measure/process.ts';
import { quantile } from '../measure/timing.ts';
import { built, root } from './build.ts';
import { environment, onProcessors, peersFolder } from './process.ts';
import type { Found, Settings } from './steps.ts';

/** The file as `npm run data -- kinase1000` prepares it, or as it was before. */
const dataFile = [
  join(process.env.TRUNKLINE_DATA ?? join(root, 'data'), 'kinase1000/train.parquet'),
  join(root, 'shared/data/kinase1000_rges/train.parquet'),
  join(root, '../shared/data/kinase1000_rges/train.parquet'),
  join(root, '../../shared/data/kinase1000_rges/train.parquet'),
].find((file) => existsSync(file));

const pipelineText = (path: string, directory: string, threads: number): string =>
  JSON.stringify({
    name: 'kinase1000',
    engine: { type: 'onnx-cpu', threads },
    sources: {
      train: {
        type: 'parquet',
        path,
        features: { fp: { multiHot: 2048 } },
        labels: { columns: '*_WT', standardize: true },
      },
    },
    stream: { from: 'train', shuffle: 65_536, batch: 256, epochs: 1 },
    model: {
      inputs: { fp: [2048] },
      trunk: [1024, 512].flatMap((units) => [{ dense: { units, activation: 'relu' } }, { dropout: { rate: 0.25 } }]),
      heads: [{ columns: '*_WT', layers: [{ dense: { units: 1 } }], loss: 'meanSquaredError', denominator: 'batch' }],
    },
    optimizer: { type: 'adamw', learningRate: 1e-3 },
    checkpoint: { directory },
  });

/** The mean of the losses of all steps, from the events of a run. */
function meanLoss(events: string): number {
  const losses = events
    .split('\n')
    .filter((line) => line.includes('"stepTaken"'))
    .map((line) => JSON.parse(line).loss as number);
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** One epoch of kinase1000 from its Parquet file to a trained model, ours and PyTorch's, each a process of its own. */
export async function measurePipeline(
  { threads, rounds, only }: Settings,
  told: (message: string) => void,
): Promise<readonly Found[]> {
  const epochs = Math.min(rounds, 3);
  if (!dataFile) return [{ contender: 'everyone', absent: 'no data: npm run data -- kinase1000' }];
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-pipeline-'));
  const file = join(folder, 'pipeline.json');
  writeFileSync(file, pipelineText(dataFile, join(folder, 'run'), threads));
  const torch = (workers: number) => ({
    contender: `torch, DataLoader with ${workers} workers`,
    command: [
      join(peersFolder, 'bin/python'),
      '-m',
      'contender.pipeline',
      dataFile as string,
      `${workers}`,
      `${threads}`,
    ],
    lossOf: (output: string) => JSON.parse(output).loss as number,
  });
  const contenders = [
    {
      contender: 'trunkline',
      command: [process.execPath, join(built, 'src/main.js'), 'train', file, '--overwrite', '--json'],
      lossOf: meanLoss,
    },
    torch(0),
    torch(2),
  ].filter(({ contender }) => only.length === 0 || only.some((begin) => contender.startsWith(begin)));
  const runs = contenders.map((one) => ({
    ...one,
    usages: [] as { wallMs: number; cpuMs: number; peakBytes: number; loss: number }[],
    absent: '',
  }));
  for (let round = 0; round < epochs; round++)
    for (const run of runs.filter(({ absent }) => absent === '')) {
      told(`${run.contender}, ${round + 1} of ${epochs}`);
      const usage = await runMeasured(onProcessors(threads, run.command), {
        cwd: join(root, 'bench/peers'),
        env: { ...process.env, ...environment(threads) },
      });
      if ('absent' in usage) run.absent = usage.absent;
      else run.usages.push({ ...usage, loss: run.lossOf(usage.output) });
    }
  rmSync(folder, { recursive: true, force: true });
  return runs.map(({ contender, usages, absent }): Found => {
    if (absent) return { contender, absent };
    const median = (of: 'wallMs' | 'cpuMs' | 'peakBytes' | 'loss'): number =>
      quantile(
        usages.map((usage) => usage[of]),
        0.5,
      );
    const walls = usages.map(({ wallMs }) => wallMs);
    return {
      contender,
      wholeMs: [median('wallMs'), quantile(walls, 0.1), quantile(walls, 0.9)],
      cpuMs: median('cpuMs'),
      peakBytes: median('peakBytes'),
      loss: median('loss'),
    };
  });
}
