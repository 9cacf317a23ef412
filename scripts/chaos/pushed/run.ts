import { join } from 'node:path';
import { setTimeout as timeout } from 'node:timers/promises';
import type { Line, RunningDaemon } from '../daemon.ts';
import { Damage } from '../damage.ts';
import { disturb } from '../disturb.ts';
import { drawOf } from '../draw.ts';
import { Heard } from '../heard.ts';
import { SmallDisk } from '../small-disk.ts';
import { Client } from './client.ts';
import { Deliveries } from './deliveries.ts';
import { writePipeline } from './pipeline.ts';
import { Scraper } from './scrape.ts';
import { faultsOf, isSettled } from './verify.ts';

const stores = ['received/samples', 'received/labels', 'join'];
const diskMiB = 64;
/** How long it is full before the pipeline is killed, and after it has begun again. */
const fullMs = 3000;
/** How long everything that was accepted may take to be trained. */
const settlingMs = 60_000;

/**
 * A daemon is sent samples, and their labels apart from them, and is killed. Its newest checkpoint is spoilt, its stores
 * are left as by a write that was cut off, its disk is full for a while, and the time of day jumps. Every label that was
 * accepted must have been trained once, and every scrape must add up.
 */
export async function pushedRun(folder: string, kills: number, seed: number): Promise<readonly string[]> {
  const disk = new SmallDisk(join(folder, 'disk'), diskMiB);
  try {
    return await pushedOn(disk, folder, kills, seed);
  } finally {
    disk.remove();
  }
}

async function pushedOn(disk: SmallDisk, folder: string, kills: number, seed: number): Promise<readonly string[]> {
  const directory = join(disk.path, 'pushed');
  const heard = new Heard();
  const damage = new Damage(directory, drawOf(seed, 4));
  const urls: { metrics?: string | undefined; intake?: string | undefined } = {};
  const deliveries = new Deliveries(drawOf(seed, 5));
  const client = new Client(() => urls.intake, deliveries);
  const scraper = new Scraper(() => urls.metrics);
  const faults: string[] = [];
  const disturbed = await disturb(writePipeline(folder, directory), {
    kills,
    draw: drawOf(seed, 3),
    onLine(line) {
      heard.hear(line);
      listen(line, urls);
    },
    between() {
      damage.checkpoint();
      damage.tails(['journal.ndjson', 'metrics.ndjson'], stores);
    },
    async afterwards(daemon) {
      if (disk.missing === undefined) faults.push(...(await withoutRoom(disk, heard, daemon)));
      else console.log(`chaos: pushed: that a full disk is survived is not shown: ${disk.missing}`);
      await client.end();
      const endMs = performance.now() + settlingMs;
      while (!isSettled(scraper.last, client.accepted) && performance.now() < endMs) await timeout(50);
      if (!isSettled(scraper.last, client.accepted))
        faults.push('not everything that was accepted has been trained after a minute');
      await scraper.end();
      daemon.signal('SIGTERM');
    },
  });
  const { truncated, flipped, torn } = damage.counts;
  const { accepted, unanswered, refused } = client.counts;
  console.log(
    `chaos: pushed: ${kills} kills; ${accepted} requests accepted, ${unanswered} unanswered, ${refused} refused; ${client.accepted.samples.size} samples, ${client.accepted.labels.size} labels; ${scraper.scrapes} scrapes; checkpoints: ${truncated} cut off, ${flipped} with a wrong bit; ${torn} files with torn tails${disk.missing === undefined ? '; a full disk' : ''}`,
  );
  return [
    ...disturbed,
    ...faults,
    ...client.faults,
    ...scraper.faults,
    ...faultsOf(join(directory, 'journal.ndjson'), client.accepted),
  ];
}

function listen({ type, state, url, routes }: Line, urls: { metrics?: unknown; intake?: unknown }): void {
  if (state === 'starting') Object.assign(urls, { metrics: undefined, intake: undefined });
  if (type !== 'serverStarted') return;
  Object.assign(urls, (routes as readonly string[]).includes('GET /metrics') ? { metrics: url } : { intake: url });
}

/**
 * The disk takes nothing more for a while: requests are refused, and the pipeline does not fail. Meanwhile it is killed too:
 * it goes back to its place as soon as there is room.
 */
async function withoutRoom(disk: SmallDisk, heard: Heard, daemon: RunningDaemon): Promise<readonly string[]> {
  const killed = 'the process ended by SIGKILL';
  const reasonOf = ({ lastFailure }: Line): string => String((lastFailure as { readonly reason?: string })?.reason);
  // What the process wrote stands after that.
  const failed = heard.next((line) => line.state === 'waiting' && !reasonOf(line).startsWith(killed));
  const [refused, again] = ['recordsRefused', 'runStarted'].map((type) => heard.next((line) => line.type === type));
  const giveBack = disk.fill();
  const survived = async (): Promise<undefined> => {
    await refused;
    await timeout(fullMs);
    daemon.kill('pipeline');
    await again;
    await timeout(fullMs);
  };
  const failure = await Promise.race([failed, survived()]);
  giveBack();
  return failure ? [`on a full disk: ${reasonOf(failure)}`] : [];
}
