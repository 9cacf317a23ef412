import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileRun } from './file/run.ts';
import { pushedRun } from './pushed/run.ts';

// Kills the daemon and its pipelines again and again, does worse to what they left, and checks that nothing of it can be
// seen: `npm run chaos -- --kills 100`.

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: 'file|pushed' },
    keep: { type: 'boolean', default: false },
  },
});
const [kills, seed] = [Number(values.kills), Number(values.seed)];
const folder = mkdtempSync(join(tmpdir(), 'trunkline-chaos-'));
console.log(`chaos: ${kills} kills, --seed ${seed}`);
const runs = { file: fileRun, pushed: pushedRun };
const faults: string[] = [];
for (const [name, run] of Object.entries(runs)) {
  if (!values.only.split('|').includes(name)) continue;
  const found = await run(folder, Math.ceil(kills / 2), seed);
  faults.push(...found.map((fault) => `${name}: ${fault}`));
}
for (const fault of faults.slice(0, 20)) console.log(`chaos: ${fault}`);
console.log(`chaos: ${faults.length === 0 ? 'nothing of it can be seen' : `${faults.length} faults`}`);
if (values.keep || faults.length > 0) console.log(`chaos: kept ${folder}`);
else rmSync(folder, { recursive: true });
process.exitCode = faults.length === 0 ? 0 : 1;
