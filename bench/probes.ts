import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { send, Trainer } from './ingest/trainer.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { quantile } from './measure/timing.ts';

// How long probes and scrapes take while samples are sent and trained on: `npm run bench -- probes [seconds]`. Trainer, sender
// and this, which asks, are processes of their own; so is a server that does nothing else, which is asked beside them: what
// that takes is the machine's.

const seconds = Number(process.argv[2] ?? 30);
const [load = 0] = loadavg();
const folder = mkdtempSync(join(tmpdir(), 'trunkline-probes-'));
/** Times between two questions. */
const everyMs = { '/readyz': 50, '/metrics': 100 } as const;

const agent = new Agent({ keepAlive: true });

/** Milliseconds until the whole answer is there, whatever it is. */
const ask = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const beginMs = performance.now();
    get(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(performance.now() - beginMs));
    }).on('error', reject);
  });

async function asked(url: string, pauseMs: number, signal: AbortSignal): Promise<readonly number[]> {
  const times: number[] = [];
  while (!signal.aborted) {
    times.push(await ask(url));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return times;
}

const idle = fork(fileURLToPath(new URL('ingest/idle.ts', import.meta.url)), {
  execArgv: ['--import', './scripts/typescript.js'],
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
const [port] = (await once(idle.stdout as Readable, 'data')) as [Buffer];
const idleUrl = `http://127.0.0.1:${port.toString().trim()}/`;
const trainer = new Trainer(folder, 100_000);
const url = await trainer.urlOf('POST /v1/samples');
// Programs are compiled first.
const { next } = await send(url, 100, 3, 0);
const stop = new AbortController();
const paths = Object.entries(everyMs);
const asking = [
  ...paths.map(async ([path, pauseMs]) => asked(await trainer.urlOf(`GET ${path}`), pauseMs, stop.signal)),
  asked(idleUrl, everyMs['/readyz'], stop.signal),
];
const before = trainer.trained;
const sent = await send(url, 100, seconds, next);
const trained = trainer.trained - before;
stop.abort();
const times = await Promise.all(asking);
await trainer.stop();
agent.destroy();
idle.disconnect();
rmSync(folder, { recursive: true });

const perSecond = (count: number): string => Math.round((1000 * count) / sent.durationMs).toLocaleString('en-US');
const body = [
  `Milliseconds until a probe or a scrape is answered, while samples of 2 KB are sent on 8 connections, ${perSecond(sent.accepted)} a second`,
  `accepted and ${perSecond(trained)} trained on, for ${seconds} s: asked from a process of its own. What a server that does nothing else takes is the machine's own.`,
  '',
  table(
    ['', 'asked', 'median', 'p99', 'longest'],
    times.map((all, at) => {
      return [
        paths[at]?.[0] ?? 'a server that does nothing else',
        `${all.length}`,
        quantile(all, 0.5).toFixed(1),
        quantile(all, 0.99).toFixed(1),
        Math.max(...all).toFixed(1),
      ];
    }),
  ),
  '',
  `${setting()}; load average ${load.toFixed(1)} at the beginning.`,
].join('\n');
console.log(body);
writeSection('Probes under load', body);
