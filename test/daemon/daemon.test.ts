import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isThere } from '../../scripts/chaos/daemon.ts';
import { writePipeline, writeRecords } from '../../scripts/chaos/file/pipeline.ts';
import { ManualClock } from '../../src/core/clock.ts';
import { Daemon, type PipelineStatus } from '../../src/daemon/index.ts';
import { daemonOf } from './running.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeRecords(folder);

test('a process that is killed is started again, and goes on to the end', { timeout: 240_000 }, async () => {
  const { daemon, lines, until } = daemonOf(writePipeline(folder, 'killed', 2));
  await until(({ type }) => type === 'checkpointWritten');
  daemon.kill('pipeline');
  const waiting = await until(({ state }) => state === 'waiting');
  expect(waiting).toMatchObject({
    pipeline: 'killed',
    failures: 1,
    lastFailure: { reason: 'the process ended by SIGKILL' },
  });
  expect(await daemon.ended()).toBe(0);
  const began = lines.filter(({ type }) => type === 'runStarted').map(({ step }) => Number(step));
  expect(began[0]).toBe(0);
  expect(began[1]).toBeGreaterThan(0);
  expect(lines.at(-1)).toMatchObject({ type: 'status', state: 'ended', failures: 1 });
});

test('what changes in the file is taken over at the next signal, and what can’t be is refused', {
  timeout: 240_000,
}, async () => {
  const file = writePipeline(folder, 'reloaded', 400);
  const { daemon, lines, until } = daemonOf(file);
  await until(({ type }) => type === 'checkpointWritten');
  const written = readFileSync(file, 'utf8');
  writeFileSync(file, written.replace('units: 8', 'units: 9'));
  daemon.signal('SIGHUP');
  expect(await until(({ type }) => type === 'reloaded')).toMatchObject({
    result: 'restartRequired',
    changes: ['model.trunk[0].units: 8 → 9'],
  });
  writeFileSync(
    file,
    written.replace('loss: meanSquaredError', 'loss: meanSquaredError, weight: 0.25').replace('batch: 8', 'batch: 16'),
  );
  daemon.signal('SIGHUP');
  expect(await until(({ result }) => result === 'applied')).toMatchObject({
    changes: ['stream.batch: 8 → 16', "heads['a|b'].weight: 1 → 0.25"],
  });
  await until(({ type, step }) => type === 'runStarted' && Number(step) > 0);
  writeFileSync(file, written.replace('meanSquaredError', 'meanSquaredErr'));
  daemon.signal('SIGHUP');
  const invalid = await until(({ result }) => result === 'invalid');
  expect(invalid.message).toContain("did you mean 'meanSquaredError'?");
  const asOf = lines.length;
  await until((line) => lines.indexOf(line) > asOf && line.type === 'pulse' && Number(line.steps) > 0);
  daemon.signal('SIGTERM');
  expect(await daemon.ended()).toBe(0);
  // Steps before the reload and after it are one run: none is missing, none was taken twice.
  const steps = readFileSync(join(folder, 'reloaded', 'journal.ndjson'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).step);
  expect(steps).toEqual(Array.from(steps, (_, at) => at + 1));
  const last = readdirSync(join(folder, 'reloaded', 'checkpoints'))
    .sort()
    .at(-1) as string;
  expect(Number(last.slice('step-'.length))).toBe(steps.length);
  const { settings } = JSON.parse(readFileSync(join(folder, 'reloaded', 'checkpoints', last, 'state.json'), 'utf8'));
  expect(settings.a.weight).toBe(0.25);
});

test('a pipeline that can’t be trained is refused with the reason, until its file is another, and does not touch the others', {
  timeout: 240_000,
}, async () => {
  const [refused, well] = [writePipeline(folder, 'refused', 400), writePipeline(folder, 'well', 400)];
  const right = readFileSync(refused, 'utf8');
  writeFileSync(refused, right.replace('from: trunk', 'from: trank'));
  const { daemon, until } = daemonOf(refused, well);
  const { lastFailure } = await until(({ state }) => state === 'refused');
  expect(lastFailure).toMatchObject({ reason: expect.stringContaining("did you mean 'trunk'?") });
  await until(({ pipeline, type }) => pipeline === 'well' && type === 'checkpointWritten');
  writeFileSync(refused, right);
  daemon.signal('SIGHUP');
  const asked = await until(({ pipeline, type }) => pipeline === 'refused' && type === 'runStarted');
  expect(asked.step).toBe(0);
  daemon.signal('SIGTERM');
  expect(await daemon.ended()).toBe(0);
});

test('a daemon of refused pipelines alone ends with 2', { timeout: 240_000 }, async () => {
  const file = writePipeline(folder, 'alone', 1);
  writeFileSync(file, readFileSync(file, 'utf8').replace('from: trunk', 'from: trank'));
  expect(await daemonOf(file).daemon.ended()).toBe(2);
});

test('checkpoints can be asked for; a second signal ends everything at once', { timeout: 240_000 }, async () => {
  const file = writePipeline(folder, 'asked', 400);
  writeFileSync(file, readFileSync(file, 'utf8').replace('everySteps: 400', 'everySteps: 1000000'));
  const { daemon, until } = daemonOf(file);
  await until(({ type, steps }) => type === 'pulse' && Number(steps) > 0);
  daemon.signal('SIGUSR2');
  expect(Number((await until(({ type }) => type === 'checkpointWritten')).step)).toBeGreaterThan(0);
  // Two signals at once: the second does not wait for what the first asked for.
  daemon.signal('SIGTERM');
  daemon.signal('SIGINT');
  expect(await daemon.ended()).toBe(130);
});

test('a process whose supervisor is killed while it starts ends too', { timeout: 60_000 }, async () => {
  const { daemon, until } = daemonOf(writePipeline(folder, 'orphan', 4000));
  const { pid } = await until(({ state, pid }) => state === 'starting' && pid !== undefined);
  daemon.kill('supervisor');
  const lives = (): boolean => isThere(Number(pid));
  expect(lives()).toBe(true);
  await expect.poll(lives, { timeout: 50_000, interval: 100 }).toBe(false);
});

test('a process that gives no sign of life is ended, and started again; one that does not stop is ended after half a minute', {
  timeout: 240_000,
}, async () => {
  const clock = new ManualClock();
  const told = new Set<string>();
  let pid: number | undefined;
  const statuses: PipelineStatus[] = [];
  const daemon = await Daemon.open([writePipeline(folder, 'hangs', 400)], {
    clock,
    onEvent: (_, { type }) => told.add(type),
    onStatus: (_, status) => {
      pid = status.pid ?? pid;
      statuses.push(status);
    },
  });
  const ended = daemon.run();
  const until = async (is: () => boolean, advanceMs: number): Promise<void> => {
    while (!is()) {
      await clock.advance(advanceMs);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await until(() => told.has('checkpointWritten'), 0);
  process.kill(pid as number, 'SIGSTOP');
  await until(() => statuses.some(({ state }) => state === 'waiting'), 30_000);
  expect(statuses.at(-1)?.lastFailure?.reason).toMatch(/^no sign of life for \d+ s/);
  told.clear();
  await clock.advance(2000);
  await until(() => told.has('checkpointWritten'), 0);
  expect(statuses.at(-1)).toMatchObject({ state: 'training', failures: 1 });
  process.kill(pid as number, 'SIGSTOP');
  const stopped = daemon.stop();
  await clock.advance(29_999);
  expect(isThere(pid as number)).toBe(true);
  await clock.advance(1);
  await stopped;
  await ended;
  expect(isThere(pid as number)).toBe(false);
  // Whoever asked for it is told no failure.
  expect(statuses.at(-1)).toMatchObject({ state: 'ended', failures: 1 });
});
