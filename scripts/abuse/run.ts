import { parseArgs } from 'node:util';
import { abuse, answerTo } from './abuse.ts';
import { openTarget } from './target.ts';

// Sends a pipeline's servers whatever comes to mind: `npm run abuse -- --cases 100000`.

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];
console.log(`abuse: ${cases} requests, --seed ${seed}`);
const target = await openTarget();
const started = performance.now();
try {
  await abuse(target, cases, seed, (done) => {
    if (done % 10_000 === 0) console.log(`abuse: ${done} after ${Math.round((performance.now() - started) / 1000)} s`);
  });
  const last = await answerTo(target.ports.metrics, {
    head: 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    body: new Uint8Array(0),
  });
  if (!last.startsWith('HTTP/1.1 200')) throw new Error(`it does not live: ${last}`);
  console.log('abuse: nothing came of it');
} catch (error) {
  const { message, cause } = error as Error;
  console.log(`abuse: ${message}\n${cause instanceof Error ? cause.message : ''}`);
  process.exitCode = 1;
}
await target.close();
