import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import type { StepState } from '../../../src/step/state.ts';
import { type Checkpoint, checkpointFiles } from '../../../src/train/checkpoint/format.ts';
import { CheckpointStore, type Unwritten } from '../../../src/train/checkpoint/store.ts';
import { Graph } from '../../../src/train/graph.ts';

trunklineBackend();

const graph = new Graph({ seed: 1 });
const trunk = graph.input('x', [3]).add(layers.dense({ units: 4 }));
graph.output('size', trunk.add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
const spec = graph.describe();

/** A state in which every number is the step's. */
const streamOf = (step: number) => ({ json: { position: step }, arrays: { 'shuffle/keys': Int32Array.of(step, -1) } });

function checkpoint(step: number): Unwritten {
  const arrays = spec.groups
    .flatMap(({ parameters }) => parameters)
    .map(({ name, variable }) => [`parameter/${name}`, new Float32Array(variable.size).fill(step)]);
  const model: StepState = {
    steps: step,
    heads: { size: { clock: step, labels: step * 2, lastStep: step } },
    settings: {},
    frozen: [],
    learningRates: {},
    merge: {},
    schedules: {},
    arrays: Object.fromEntries(arrays),
  };
  return { step, model, stream: () => streamOf(step), run: { epoch: step } };
}

let directory = '';
let events: TrunklineEvent[] = [];
beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), 'trunkline-'));
  onTestFinished(() => rm(made, { recursive: true }));
  directory = join(made, 'checkpoints');
  events = [];
});

const open = (keep = 2): CheckpointStore =>
  new CheckpointStore({ directory, keep, events: (event) => events.push(event) });
const path = (step: number): string => join(directory, `step-${String(step).padStart(9, '0')}`);

test('what was written is read, and only the newest are kept', async () => {
  const store = open(3);
  expect(await store.newest(spec)).toBeUndefined();
  for (const step of [1, 2, 30, 400]) await store.write(checkpoint(step), spec);
  expect(await store.steps()).toEqual([400, 30, 2]);
  const { model, ...rest } = (await store.newest(spec)) as Checkpoint;
  expect(rest).toEqual({ step: 400, stream: streamOf(400), run: { epoch: 400 } });
  expect(model.arrays).toEqual(checkpoint(400).model.arrays);
  expect(model.heads).toEqual({ size: { clock: 400, labels: 800, lastStep: 400 } });
  expect(events.map(({ type }) => type)).toEqual(new Array(4).fill('checkpointWritten'));
});

test('besides the newest, one in every so many steps is kept for good', async () => {
  const store = new CheckpointStore({ directory, keep: 2, keepEvery: 100, events: () => {} });
  for (const step of [40, 90, 120, 160, 210, 450, 460, 470]) await store.write(checkpoint(step), spec);
  expect(await store.steps()).toEqual([470, 460, 450, 210, 120]);
});

test('a state may change as soon as writing has begun, and writes keep their order', async () => {
  const store = open();
  const states = [checkpoint(1), checkpoint(2)];
  const written = states.map((state) => store.write(state, spec));
  for (const { model } of states) for (const values of Object.values(model.arrays)) (values as Float32Array).fill(9);
  await Promise.all(written);
  expect((await store.newest(spec))?.model.arrays).toEqual(checkpoint(2).model.arrays);
});

test('a file that was cut short, changed or lost is found, and the checkpoint before is used', async () => {
  await open().write(checkpoint(1), spec);
  await open().write(checkpoint(2), spec);
  const whole = new Map<string, Buffer>();
  for (const name of checkpointFiles) whole.set(name, await readFile(join(path(2), name)));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...checkpointFiles),
      fc.nat(),
      fc.constantFrom('cut', 'flip', 'lose'),
      async (name, place, how) => {
        const bytes = Buffer.from(whole.get(name) as Buffer);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ 1;
        const file = join(path(2), name);
        if (how === 'lose') await rm(file);
        else await writeFile(file, how === 'cut' ? bytes.subarray(0, at) : bytes);
        events = [];
        expect((await open().newest(spec))?.step).toBe(1);
        expect(events.map(({ type }) => type)).toEqual(['checkpointDamaged']);
        await writeFile(file, whole.get(name) as Buffer);
      },
    ),
    { numRuns: 40 },
  );
  expect((await open().newest(spec))?.step).toBe(2);
});

test('when all are damaged, everything that is wrong is said', async () => {
  for (const step of [1, 2]) {
    await open().write(checkpoint(step), spec);
    await writeFile(join(path(step), 'run.json'), '{}\n');
  }
  const found = '3 bytes, SHA-256 ca3d163bab05…';
  await expect(open().newest(spec)).rejects.toThrow(
    `${join(path(2), 'run.json')}: expected 17 bytes, SHA-256 3482c0afc01f…; found ${found}`,
  );
  await expect(open().newest(spec)).rejects.toThrow(`${join(path(1), 'run.json')}: expected`);
});

test('another model is refused, and no older checkpoint is taken instead', async () => {
  await open().write(checkpoint(1), spec);
  const other = new Graph({ seed: 1 });
  other.output('size', other.input('x', [3]).add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
  await expect(open().newest(other.describe())).rejects.toThrow('build the graph as the program did that saved it');
});

test('what interrupted calls left is put in order', async () => {
  await open().write(checkpoint(1), spec);
  await rename(path(1), `${path(1)}.replaced`);
  await mkdir(`${path(2)}.writing-abc`);
  await writeFile(join(directory, 'notes.txt'), 'mine');
  await open().clear();
  expect((await readdir(directory)).sort()).toEqual(['notes.txt', 'step-000000001']);
  expect((await open().newest(spec))?.step).toBe(1);
});

test('fewer than two are not enough', () => {
  expect(() => open(1)).toThrow(
    'checkpoint, keep: expected a whole number, at least 2: the newest could turn out damaged; found 1',
  );
});
