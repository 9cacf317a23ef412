import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes } from '../src/core/format.ts';
import { send, Trainer } from './ingest/trainer.ts';
import { setting, table, writeSection } from './measure/results.ts';

// Samples of 2 KB that are sent by HTTP while a pipeline is trained on them: `npm run bench -- ingest [seconds]`.
// Trainer and sender are processes of their own.

const seconds = Number(process.argv[2] ?? 20);
const folder = mkdtempSync(join(tmpdir(), 'trunkline-ingest-'));

async function measure(backlogRows: number, loads: readonly number[]): Promise<readonly string[][]> {
  const trainer = new Trainer(folder, backlogRows);
  const url = await trainer.urlOf('POST /v1/samples');
  const lines: string[][] = [];
  let first = 0;
  for (const samples of loads) {
    const before = trainer.trained;
    const sent = await send(url, samples, seconds, first);
    first = sent.next;
    const rate = (count: number): string => Math.round((1000 * count) / sent.durationMs).toLocaleString('en-US');
    lines.push([
      `${samples}`,
      backlogRows.toLocaleString('en-US'),
      rate(sent.accepted),
      `${formatBytes((1000 * sent.sizeBytes) / sent.durationMs)}/s`,
      rate(trainer.trained - before),
      `${sent.refused}`,
      `${sent.p50.toFixed(1)} / ${sent.p99.toFixed(1)}`,
      `${sent.failed}`,
    ]);
  }
  await trainer.stop();
  return lines;
}

const rows = [...(await measure(100_000, [100, 1])), ...(await measure(300, [100]))];
rmSync(folder, { recursive: true });
const header = [
  'samples a request',
  'backlog bound',
  'accepted/s',
  'bytes',
  'trained/s meanwhile',
  'refused (429)',
  'answer ms, p50 / p99',
  'failed',
];
const body = [
  'Samples of 2 KB (an id, 200 numbers, labels of two heads) sent on 8 connections by a process of its own while a model',
  `of 52,000 parameters is trained on them, for ${seconds} s each: judged, kept with their ids and flushed before they are`,
  'answered. In the last line the backlog is bounded tightly, so that training is what decides.\n',
  table(header, rows),
  `\n${setting()}; ${process.env.BENCH_REMARK ?? 'nothing else ran'}.`,
].join('\n');
console.log(body);
writeSection('Samples sent by HTTP', body);
