import { parentPort, workerData } from 'node:worker_threads';
import { type OpenOptions, openRunner } from '../../../src/engine/runner/index.ts';
import { addition } from './model.ts';

const { runner } = openRunner(workerData as OpenOptions);
const sum = new Float32Array(new SharedArrayBuffer(16));
const session = runner.load(addition.bytes, addition.inputs, addition.outputs, {
  provider: 'cpu',
  optimization: 'all',
});
const binding = session.bind([Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 1, 1, 1)], [sum]);
binding.run();
await binding.runAsync();
session.release();
parentPort?.postMessage([...sum]);
