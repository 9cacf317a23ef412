import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished, vi } from 'vitest';
import { CompileError, ConfigError, EngineError, ShapeError } from '../../src/core/error.ts';
import { type Ended, makeSignal, WorkerClient } from '../../src/engine/remote.ts';
import type { Thread } from './fixture/thread.ts';

const entry = new URL('./fixture/thread.ts', import.meta.url);
const execArgv = ['--import', new URL('../../scripts/typescript.js', import.meta.url).href];

function start(): { client: WorkerClient<Thread>; ended: Promise<Ended>; worker: Worker } {
  let end: (ended: Ended) => void;
  const ended = new Promise<Ended>((resolve) => {
    end = resolve;
  });
  const signal = makeSignal();
  const worker = new Worker(entry, { execArgv, workerData: signal });
  const client = new WorkerClient<Thread>(worker, signal, (how) => end(how));
  onTestFinished(() => client.close());
  return { client, ended, worker };
}

it('calls methods in another thread, in order', async () => {
  const { client, ended } = start();
  const answers = await Promise.all([client.call.echo('a'), client.call.later(1), client.call.echo('b')]);
  expect(answers).toEqual(['a', 2, 'b']);
  expect(await client.call.calls()).toEqual(['a', 'b']);
  await client.close();
  expect(await ended).toEqual({ reason: 'asked' });
});

it.each([CompileError, ConfigError, EngineError, ShapeError])(
  'passes errors on as what they are: $name',
  async (type) => {
    const { client } = start();
    const error = await client.call.refuse(type.name as 'EngineError').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({
      name: type.name,
      issues: [{ where: 'thread', expected: 'this', found: 'that', hint: 'other' }],
    });
    expect(await client.call.echo(1)).toBe(1);
  },
);

it('refuses methods that are not there and arguments that cannot be sent, and stays usable', async () => {
  const { client, ended, worker } = start();
  const unknown = client.call as unknown as Record<string, () => Promise<unknown>>;
  await expect(unknown.sing?.()).rejects.toThrow("engine worker: expected a method it has; found 'sing'");
  const ref = vi.spyOn(worker, 'ref');
  await expect(client.call.echo(() => {})).rejects.toThrow('could not be cloned');
  expect(ref).not.toHaveBeenCalled();
  expect(await client.call.echo(1)).toBe(1);
  await client.close();
  expect(await ended).toEqual({ reason: 'asked' });
});

it('rejects what is still open when it is closed', async () => {
  const { client, ended } = start();
  const open = [client.call.wait(), client.call.echo(1)].map((call) => call.catch((reason: unknown) => reason));
  await client.close();
  for (const error of await Promise.all(open))
    expect((error as Error).message).toBe('engine worker: expected a running thread; found a closed one');
  await expect(client.call.echo(1)).rejects.toThrow('found a closed one');
  expect(await ended).toEqual({ reason: 'asked' });
});

it('ends a thread whose messages cannot be read', async () => {
  const { client, ended, worker } = start();
  await client.call.echo(1);
  worker.emit('messageerror', new Error('garbled'));
  const error = await client.call.echo(1).catch((reason: unknown) => reason);
  expect((error as Error).message).toContain('found a message that could not be read (garbled)');
  expect(await ended).toEqual({ reason: 'failed', error });
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
