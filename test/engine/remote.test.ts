import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { EngineError } from '../../src/core/error.ts';
import { type Ended, makeSignal, WorkerClient } from '../../src/engine/remote.ts';
import type { Thread } from './fixture/thread.ts';

const entry = new URL('./fixture/thread.ts', import.meta.url);
const execArgv = ['--import', new URL('../../scripts/typescript.js', import.meta.url).href];

function start(): { client: WorkerClient<Thread>; ended: Promise<Ended> } {
  let end: (ended: Ended) => void;
  const ended = new Promise<Ended>((resolve) => {
    end = resolve;
  });
  const signal = makeSignal();
  const client = new WorkerClient<Thread>(new Worker(entry, { execArgv, workerData: signal }), signal, (how) =>
    end(how),
  );
  onTestFinished(() => client.close());
  return { client, ended };
}

it('calls methods in another thread, in order', async () => {
  const { client, ended } = start();
  const answers = await Promise.all([client.call.echo('a'), client.call.later(1), client.call.echo('b')]);
  expect(answers).toEqual(['a', 2, 'b']);
  expect(await client.call.calls()).toEqual(['a', 'b']);
  await client.close();
  expect(await ended).toEqual({ reason: 'asked' });
});

it('passes errors on with their issues, and stays usable', async () => {
  const { client } = start();
  const error = await client.call.refuse().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EngineError);
  expect(error).toMatchObject({ issues: [{ where: 'thread', expected: 'this', found: 'that', hint: 'other' }] });
  expect(await client.call.echo(1)).toBe(1);
});

it('ends every open and later call with one clear error when the thread breaks', async () => {
  const { client, ended } = start();
  const crashed = client.call.crash().catch((reason: unknown) => reason);
  const waiting = client.call.echo('behind it').catch((reason: unknown) => reason);
  const error = await crashed;
  expect(await waiting).toBe(error);
  expect((error as Error).message).toBe(
    'engine worker: expected a running thread; found the thread broke\n  hint: restart from the last checkpoint',
  );
  expect(await ended).toEqual({ reason: 'failed', error });
  await expect(client.call.echo(1)).rejects.toBe(error);
});

it('says so when the thread leaves', async () => {
  const { client } = start();
  await expect(client.call.leave()).rejects.toThrow(
    'engine worker: expected a running thread; found an end with exit code 3',
  );
});
