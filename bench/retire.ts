import '@tensorflow/tfjs-backend-cpu';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { engine } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { formatBytes } from '../src/core/format.ts';
import { Graph } from '../src/train/graph.ts';
import { setting, table, writeSection } from './measure/results.ts';

// Memory while heads come and go: each round adds one to a trained model, trains it, and retires it:
// `npm run bench -- retire [rounds]`.

const rounds = Number(process.argv[2] ?? 200);
setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

const graph = new Graph();
const trunk = graph.input('x', [64]).add(layers.dense({ units: 64, activation: 'relu' }));
graph.output('stays', graph.fork(trunk, ['stays'])[0].add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
graph.compile({ optimizer: 'adam', engine: { type: 'onnx-cpu', threads: 1 } });

const x = Array.from({ length: 16 }, (_, row) => Array.from({ length: 64 }, (_, at) => Math.sin(row * 64 + at)));
const y = x.map(([first]) => first as number);
const lines: string[][] = [];
for (let round = 0; round <= rounds; round++) {
  const [branch] = graph.fork(trunk, [`branch${round}`]);
  const hidden = layers.dense({ units: 256, activation: 'relu' });
  graph.output('comes', branch.add(hidden, layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
  await graph.trainOnBatch(x, { stays: y, comes: y });
  graph.retire('comes');
  await graph.trainOnBatch(x, y);
  if (round % Math.ceil(rounds / 10) !== 0) continue;
  collect();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const variables = Object.keys(engine().registeredVariables).length;
  lines.push([`${round}`, formatBytes(rss), formatBytes(heapUsed), formatBytes(arrayBuffers), `${variables}`]);
}
await graph.close();
const body = [
  'A head of 256 units is added to a trained model, trained and retired, again and again. Of the engine nothing is left',
  `each time (test/train/retire.test.ts counts programs, sessions, native values and bytes). ${setting()}.`,
  '',
  table(['heads retired', 'resident', 'JavaScript heap', 'array buffers', 'variables'], lines),
].join('\n');
console.log(body);
writeSection('Heads that come and go', body);
process.exit(0);
