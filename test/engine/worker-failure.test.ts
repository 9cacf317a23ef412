import type { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { Arena } from '../../src/engine/arena.ts';
import { workerHost } from '../../src/engine/host.ts';
import { openEngine } from '../../src/engine/index.ts';
import { run, specs, twoHeads } from './two-heads.ts';

const started = vi.hoisted((): Worker[] => []);
vi.mock('../../src/engine/thread.ts', async (original) => {
  const { startThread } = await original<typeof import('../../src/engine/thread.ts')>();
  return {
    startThread: (...how: Parameters<typeof startThread>) => {
      const thread = startThread(...how);
      started.push(thread);
      return thread;
    },
  };
});

const unhandled: unknown[] = [];
const note = (reason: unknown): number => unhandled.push(reason);

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
});

async function start() {
  const events: TrunklineEvent[] = [];
  const engine = await openEngine(
    { type: 'onnx-cpu', threads: 1, programs: 1 },
    { events: (event) => events.push(event) },
  );
  onTestFinished(() => engine.close());
  const trainer = await engine.train(twoHeads());
  const prepared = await trainer.prepare(specs);
  await run(prepared, 0);
  return { engine, trainer, prepared, events, worker: started.at(-1) as Worker };
}

const reason = 'engine worker: expected a running thread; found';

it('a worker that ends ends the steps, and everything can still be closed', async () => {
  const { engine, trainer, prepared, events, worker } = await start();
  void worker.terminate();
  const open = run(prepared, 1);
  await expect(open).rejects.toThrow(`${reason} an end with exit code 1\n  hint: restart from the last checkpoint`);
  await expect(run(prepared, 2)).rejects.toThrow(reason);
  await expect(trainer.prepare({ ...specs, x: { shape: [7, 4] }, y: { shape: [7, 1] } })).rejects.toThrow(reason);
  expect(trainer.state()['clock/trunk']?.[0]).toBe(1);
  trainer.pull();
  await trainer.close();
  await engine.close();
  expect(events.filter(({ type }) => type === 'workerFailed')).toHaveLength(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});

it('an error in the worker is told with its stack', async () => {
  const { engine, prepared, events, worker } = await start();
  worker.emit('error', new Error('broken'));
  await expect(run(prepared, 1)).rejects.toThrow(`${reason} broken`);
  await engine.close();
  await vi.waitUntil(() => events.at(-1)?.type === 'workerFailed');
  expect(events.at(-1)).toMatchObject({
    message: `${reason} broken\n  hint: restart from the last checkpoint`,
    stack: expect.stringMatching(/^Error: broken\n.*worker-failure/),
  });
});

it.each([false, true])(
  'a library that can not be opened ends the worker, also one that failed itself (%j)',
  async (fails) => {
    vi.stubEnv('TRUNKLINE_RUNNER', 'none');
    onTestFinished(() => void vi.unstubAllEnvs());
    const events: TrunklineEvent[] = [];
    const opening = workerHost(new Arena(1 << 16), { provider: 'cpu', optimization: 'basic', threads: 1 }, (event) =>
      events.push(event),
    );
    const worker = started.at(-1) as Worker;
    if (fails) worker.emit('error', new Error('broken'));
    await expect(opening).rejects.toThrow(
      "environment variable TRUNKLINE_RUNNER: expected one of 'koffi', 'binding'; found 'none'",
    );
    expect(worker.threadId).toBe(-1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual([]);
    expect(unhandled).toEqual([]);
  },
);
