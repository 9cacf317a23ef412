import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { Until } from '../until.ts';
import { loader, root } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-http-'));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const directory = join(folder, 'run');
const file = join(folder, 'live.yaml');
writeFileSync(
  file,
  `
name: live
sources:
  live:
    type: http
    columns: { id: text, x: numbers, toxic: number }
    id: id
    features: { x: { type: tensor, shape: [4] } }
    labels: { toxic: {} }
stream: { from: live, shuffle: 16, batch: 4 }
model:
  trunk: [{ dense: { units: 8, activation: relu } }]
  heads: [{ columns: toxic, from: trunk, layers: [{ dense: { units: 1 } }], loss: binaryCrossentropy }]
engine: { type: onnx-cpu, threads: 1 }
checkpoint: { directory: ${directory}, everySteps: 5, keep: 2 }
http: { port: 0, token: a-token-of-some-length }
`,
);

/** A process that trains, its events, and where it is sent to. */
async function train(...args: readonly string[]) {
  const child = spawn(process.execPath, [...loader, 'train', file, '--json', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const exited = once(child, 'exit');
  const events: TrunklineEvent[] = [];
  const heard = new Until();
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line) as TrunklineEvent);
    heard.look();
  });
  const until = <Found>(find: () => Found | undefined): Promise<Found> => heard.found(find);
  const server = await until(() => events.find((event) => event.type === 'serverStarted'));
  const steps = () => events.filter((event) => event.type === 'stepTaken').length;
  const checkpoints = () => events.filter((event) => event.type === 'checkpointWritten').length;
  return { child, exited, until, steps, checkpoints, url: `${server.url}/v1/samples` };
}

/** @returns whether they were accepted; false when nobody answered */
async function send(url: string, ids: readonly string[], key: string): Promise<boolean> {
  const body = ids.map((id, at) => `${JSON.stringify({ id, x: [at, 1, 0, 1], toxic: at % 2 })}\n`).join('');
  const authorization = 'Bearer a-token-of-some-length';
  const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': key, authorization };
  try {
    const response = await fetch(url, { method: 'POST', body, headers });
    return response.status === 200;
  } catch {
    return false;
  }
}

test('nothing that was accepted is lost or trained twice, however often the process is killed', {
  timeout: 100_000,
}, async () => {
  // Each request is sent until it was answered, as a client does, and some of them once more.
  const requests = Array.from({ length: 30 }, (_, at) => Array.from({ length: 7 }, (_, row) => `${at}-${row}`));
  let next = 0;
  for (const [life, share] of [10, 20, 30].entries()) {
    const run = await train(...(life === 0 ? [] : ['--resume']));
    const kill = (): void => void run.child.kill('SIGKILL');
    // While requests are being kept and steps taken.
    const killed = life < 2 ? run.until(() => (run.checkpoints() > 0 ? true : undefined)).then(kill) : undefined;
    while (next < share) {
      const sent = await send(run.url, requests[next] as readonly string[], `key-${next}`);
      if (!sent && run.child.killed) break;
      expect(sent).toBe(true);
      if (next % 3 === 0) await send(run.url, requests[next] as readonly string[], `key-${next}`);
      next++;
    }
    await killed;
    if (life === 2) {
      // All but what is too little for the window and a batch.
      await run.until(() => (run.checkpoints() > 0 ? true : undefined));
      run.child.kill('SIGINT');
    }
    await run.exited;
    if (life < 2) next = Math.max(0, next - 2);
  }
  const checkpoints = join(directory, 'checkpoints');
  const newest = readdirSync(checkpoints).sort().at(-1) as string;
  const { live } = JSON.parse(readFileSync(join(checkpoints, newest, 'stream.json'), 'utf8'));
  const rows = requests.flat().length;
  const { pending, emitted } = live.operators[1].rows;
  const parts: readonly { readonly rows: number; readonly ids?: readonly string[] }[] = [
    live.operators[0].rows.window,
    pending,
    emitted,
  ];
  const heldRows = parts.reduce((sum, part) => sum + part.rows, 0);
  expect(live.place.position.row).toBe(rows);
  expect(live.ledger.received).toBe(rows);
  expect(live.ledger.ended.outcomes).toEqual({ trained: rows - heldRows });
  expect(new Set(parts.flatMap(({ ids = [] }) => ids)).size).toBe(heldRows);
});
