import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writePipeline, writeRecords } from '../../scripts/chaos/file/pipeline.ts';
import type { TrunklineEvent } from '../../src/core/event.ts';
import type { Told } from '../../src/daemon/message.ts';
import { PipelineProcess } from '../../src/daemon/process.ts';
import type { Status } from '../../src/report/telemetry/status-schema.ts';
import { DocumentCheck } from '../http/document.ts';
import { Until } from '../until.ts';

/** The process of a pipeline with both servers, in this one, and how to ask them. */
function running(file: string) {
  const told: Told[] = [];
  const heard = new Until();
  const pipeline = new PipelineProcess(file, 'reloaded', 0, (one) => {
    told.push(one);
    heard.look();
  });
  const events = (): TrunklineEvent[] => told.flatMap((one) => (one.type === 'event' ? [one.event] : []));
  const until = <Found>(find: () => Found | undefined): Promise<Found> => heard.found(find);
  /** Address of the newest server that answers a route. */
  const addressOf = (route: string): string | undefined => {
    const last = events().findLast((event) => event.type === 'serverStarted' && event.routes.includes(route));
    return last?.type === 'serverStarted' ? last.url : undefined;
  };
  const ask = async (method: 'GET' | 'POST', path: string, body?: object) => {
    const url = addressOf(`${method} ${path}`) as string;
    const check = new DocumentCheck(await (await fetch(`${url}/v1/openapi.json`)).json());
    const sent = body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {};
    const response = await fetch(`${url}${path}`, { method, ...sent });
    return { status: response.status, body: (await check.answer(method, path, response)) as never };
  };
  const status = async (): Promise<Status> => (await ask('GET', '/v1/status')).body;
  const starts = (): number => events().filter(({ type }) => type === 'runStarted').length;
  return {
    told,
    ended: pipeline.run(),
    stop: () => pipeline.follow({ type: 'stop' }),
    events,
    until,
    ask,
    status,
    starts,
  };
}

test('a pipeline is steered by HTTP: what was set is seen, survives a reload and a restart, and it stays paused', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-control-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeRecords(folder);
  const file = writePipeline(folder, 'steered', 400);
  appendFileSync(file, 'metrics: { port: 0 }\nhttp: { port: 0 }\n');
  const first = running(file);
  await first.until(() => first.events().find(({ type }) => type === 'checkpointWritten'));
  const paused = await first.ask('POST', '/v1/pause', { reason: 'to look' });
  const { step } = paused.body as { step: number };
  expect(paused.body).toEqual({ step, paused: true });
  expect(await first.status()).toMatchObject({ state: 'paused', step, reasons: ['training is paused: to look'] });
  const change = { heads: { a: { weight: 0.25, frozen: true } }, branches: { trunk: { learningRate: 0.5 } } };
  expect(await first.ask('POST', '/v1/settings', change)).toEqual({
    status: 200,
    body: {
      heads: { a: { weight: 0.25, learningRate: 1, frozen: true } },
      branches: { trunk: { learningRate: 0.5, frozen: false } },
    },
  });
  expect(await first.ask('POST', '/v1/step', { steps: 2 })).toMatchObject({ status: 202 });
  while ((await first.status()).step < step + 2);
  expect((await first.status()).heads.a?.weight).toBe(0.25);
  expect(first.events().findLast(({ type }) => type === 'settingsChanged')).toMatchObject({ step, ...change });

  const levels = () => first.told.flatMap((one) => (one.type === 'logLevel' ? [one.level] : []));
  expect(levels()).toEqual(['info']);
  appendFileSync(file, 'log: { level: debug }\n');
  expect(await first.ask('POST', '/v1/reload')).toMatchObject({ body: { result: 'applied', changes: ['log.level'] } });
  expect(levels()).toEqual(['info', 'debug']);
  // No run begins anew for that.
  expect(first.starts()).toBe(1);
  writeFileSync(file, readFileSync(file, 'utf8').replace('learningRate: 0.003', 'learningRate: 0.002'));
  expect(await first.ask('POST', '/v1/reload')).toEqual({
    status: 200,
    body: { result: 'applied', changes: ['optimizer.learningRate'] },
  });
  await first.until(() => (first.starts() === 2 ? true : undefined));
  await first.until(() => (first.events().at(-1)?.type === 'runPaused' ? true : undefined));
  const reloaded = await first.status();
  expect(reloaded).toMatchObject({ state: 'paused', reasons: ['training is paused: as before the reload'] });
  expect(reloaded.heads.a?.settings).toEqual({ weight: 0.25, learningRate: 1, frozen: true });
  expect(reloaded.branches?.trunk).toEqual({ learningRate: 0.5, frozen: false });
  expect(await first.ask('POST', '/v1/reload')).toMatchObject({ body: { result: 'same' } });
  expect((await first.status()).state).toBe('paused');
  await first.ask('POST', '/v1/settings', { heads: { b: { weight: 3 } } });
  await first.stop();
  await first.ended;

  const second = running(file);
  await second.until(() => (second.starts() === 1 ? true : undefined));
  expect(second.events().find(({ type }) => type === 'runStarted')).toMatchObject({ step: reloaded.step });
  const again = await second.status();
  expect(again.heads.a?.settings?.weight).toBe(0.25);
  expect(again.heads.b?.settings?.weight).toBe(3);
  await second.stop();
  await second.ended;
});
