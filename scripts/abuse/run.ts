import { parseArgs } from 'node:util';
import { abuseConfigs } from './config.ts';
import { abuse, answerTo } from './requests.ts';
import { abuseStore } from './store/kept.ts';
import { Outside } from './store/outside.ts';
import { stores } from './store/stores.ts';
import { openTarget } from './target.ts';

// Whatever comes to mind, `npm run abuse -- --cases 100000`, or a part of it by name: `npm run abuse -- configs`. Requests are
// sent to a pipeline's servers, pipeline files are read, and stores are spoilt and opened again.

const { values, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];
const say = (text: string): void => console.log(`abuse: ${text}`);

const started = performance.now();
let count = 0;
const told = (): void => {
  count++;
  if (count % 10_000 === 0) say(`${count} after ${Math.round((performance.now() - started) / 1000)} s`);
};

async function requests(): Promise<string> {
  const target = await openTarget();
  try {
    await abuse(target, cases, seed, told);
    const last = await answerTo(target.ports.metrics, {
      head: 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
      body: new Uint8Array(0),
    });
    if (!last.startsWith('HTTP/1.1 200')) throw new Error(`it does not live: ${last}`);
    return 'nothing came of it';
  } finally {
    await target.close();
  }
}

async function configs(): Promise<string> {
  const { good, bad, longestMs } = await abuseConfigs(cases, seed, told);
  return `${good} are pipelines, ${bad} errors with their places; the slowest took ${Math.round(longestMs)} ms`;
}

async function spoilt(): Promise<string> {
  const texts: string[] = [];
  for (const store of stores) {
    const outside = new Outside(store);
    try {
      const read: typeof outside.read = async (folder) => {
        told();
        return outside.read(folder);
      };
      const { whole, rejected, refused } = await abuseStore(store, Math.ceil(cases / stores.length), seed, read);
      texts.push(`${store.name}: ${whole} whole, ${rejected} with records rejected, ${refused} refused`);
    } finally {
      outside.close();
    }
  }
  return texts.join('; ');
}

const parts: Readonly<Record<string, () => Promise<string>>> = { requests, configs, stores: spoilt };
const unknown = asked.filter((name) => !(name in parts));
if (unknown.length > 0) {
  say(`there is no ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}`);
  process.exitCode = 1;
}
for (const [name, part] of unknown.length > 0 ? [] : Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  say(`${name}: ${cases} cases, --seed ${seed}`);
  try {
    say(`${name}: ${await part()}`);
  } catch (error) {
    const { message, cause } = error as Error;
    say(`${name}: ${message}\n${cause instanceof Error ? cause.message : ''}`);
    process.exitCode = 1;
  }
}
