import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { pipelineOf } from '../../../src/pipeline/load.ts';
import { type TrainOptions, train } from '../../../src/pipeline/run/train.ts';
import { openTrained } from '../../../src/pipeline/run/trained.ts';
import type { TrainingRun } from '../../../src/train/run/run.ts';

trunklineBackend();

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});

interface Change {
  readonly units?: number;
  readonly heads?: string;
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly steps?: number;
  readonly directory?: string;
  /** Whether two sources are mixed. */
  readonly mixed?: boolean;
}

const pipeline = ({
  units = 4,
  heads = 'head1|head2',
  epochs = 1,
  learningRate = 0.01,
  steps,
  directory = 'run',
  mixed = false,
}: Change = {}) =>
  pipelineOf({
    name: 'small',
    sources: {
      train: {
        type: 'generator',
        rows: 200,
        size: 3,
        heads: 3,
        missing: 0.4,
        features: { x: { tensor: [3] } },
        labels: { columns: heads },
      },
      ...(mixed ? { more: { type: 'generator', rows: 100, size: 3, heads: 3, missing: 0.4, like: 'train' } } : {}),
    },
    stream: {
      from: mixed ? { train: 1, more: 1 } : 'train',
      shuffle: 30,
      batch: 10,
      epochs,
      ...(steps === undefined ? {} : { steps }),
    },
    model: {
      trunk: [{ dense: { units, name: 'shared' } }],
      heads: heads.split('|').map((name) => ({
        name,
        from: 'trunk',
        layers: [{ dense: { units: 1 } }],
        loss: 'binaryCrossentropy',
      })),
    },
    optimizer: { type: 'adam', learningRate },
    engine: { type: 'onnx-cpu', threads: 1, worker: false },
    checkpoint: { directory: join(folder, directory), everySteps: 5 },
  });

async function trained(change: Change, options: Partial<TrainOptions> = {}) {
  const events: TrunklineEvent[] = [];
  const { step } = await train(pipeline(change), {
    mode: 'continue',
    clock: systemClock,
    ...options,
    events: (event) => {
      events.push(event);
      options.events?.(event);
    },
  });
  const of = <Type extends TrunklineEvent['type']>(type: Type) =>
    events.filter((event) => event.type === type) as Extract<TrunklineEvent, { readonly type: Type }>[];
  return { step, of };
}

test('a run that goes on with another head keeps all that it had learned', async () => {
  const first = await trained({});
  expect(first.of('runStarted')[0]?.step).toBe(0);
  const second = await trained({ heads: 'head2|head3', epochs: 2, learningRate: 0.02 }, { resume: 'reloaded' });
  expect(second.of('runStarted')[0]).toMatchObject({ step: first.step, heads: ['head2', 'head3'] });
  expect(second.of('modelAdopted')).toEqual([
    {
      type: 'modelAdopted',
      parameters: 4,
      fresh: ['head3/dense/kernel', 'head3/dense/bias'],
      left: ['head1/dense/bias', 'head1/dense/kernel'],
    },
  ]);
  const state = JSON.parse(
    await readFile(
      join(folder, 'run', 'checkpoints', `step-${String(second.step).padStart(9, '0')}`, 'state.json'),
      'utf8',
    ),
  );
  expect(Object.keys(state.heads).sort()).toEqual(['head2', 'head3']);
  expect(state.heads.head2.clock).toBeGreaterThan(first.step);
  expect(state.heads.head3.clock).toBeLessThanOrEqual(second.step - first.step);
});

test('what may not change while a run goes on is refused, and what fits is taken over when that is asked for', async () => {
  const { step } = await trained({});
  const wider = { units: 5, epochs: 2 };
  await expect(trained(wider, { resume: 'reloaded' })).rejects.toThrow(
    'model.trunk.0.units: expected 4, as when it was begun; found 5\n  hint: change it back; or go on with what fits of the model by name (--partial), or begin anew (train --overwrite)',
  );
  await expect(trained({ learningRate: 0.02 })).rejects.toThrow(
    'optimizer.learningRate: expected 0.01, as when it was begun; found 0.02',
  );
  const { of } = await trained(wider, { resume: 'partial' });
  expect(of('runStarted')[0]).toMatchObject({ step, epoch: 0 });
  expect(of('modelAdopted')[0]).toMatchObject({ parameters: 2, fresh: expect.arrayContaining(['shared/kernel']) });
});

test('what was said otherwise since is told where the model does not fit any more, and not only the model', async () => {
  const first = await trained({});
  const found = 'model.trunk.0.units: expected 4, as when it was begun; found 5';
  await expect(trained({ units: 5, learningRate: 0.5 }, { mode: 'resume' })).rejects.toThrow(
    `${found}\noptimizer.learningRate: expected 0.01, as when it was begun; found 0.5\n  hint: change it back; or go on with what fits of the model by name (--partial), or begin anew (train --overwrite)`,
  );
  await expect(openTrained(pipeline({ units: 5, learningRate: 0.5 }), () => {})).rejects.toThrow(
    `${found}\n  hint: take the pipeline as it was trained, or train the new one`,
  );
  const { runner, step, close } = await openTrained(pipeline({ learningRate: 0.5 }), () => {});
  expect(step).toBe(first.step);
  expect(runner.program.heads.map(({ name }) => name)).toEqual(['head1', 'head2']);
  await close();
});

test('a run of which nothing is finite any more pauses, and says why', async () => {
  let run: TrainingRun | undefined;
  const { of } = await trained(
    { learningRate: 1e37, epochs: 60 },
    {
      onRun: (begun) => {
        run = begun;
      },
      events: ({ type }) => type === 'runPaused' && run?.stop(),
    },
  );
  expect(of('runPaused').map(({ reason }) => reason)).toEqual(['no finite loss or gradient in 10 batches in a row']);
  expect(of('runEnded')).toMatchObject([{ outcome: 'stopped' }]);
});

async function parametersIn(directory: string): Promise<Buffer> {
  const checkpoints = join(folder, directory, 'checkpoints');
  const newest = (await readdir(checkpoints)).sort().at(-1) as string;
  return readFile(join(checkpoints, newest, 'parameters.safetensors'));
}

test('a run that ended at its number of steps goes on with the next row, bit for bit', async () => {
  const whole = await trained({ epochs: 2, directory: 'whole' });
  for (const steps of [1, 7, 19, 20, 23]) {
    expect((await trained({ epochs: 2, steps })).step).toBe(steps);
  }
  const rest = await trained({ epochs: 2 });
  expect(rest.step).toBe(whole.step);
  expect(rest.of('epochEnded').at(-1)?.counts).toEqual(whole.of('epochEnded').at(-1)?.counts);
  expect((await parametersIn('run')).equals(await parametersIn('whole'))).toBe(true);
});

test.each([
  ['epochs', { epochs: 2 }],
  ['steps', { epochs: 4, steps: 60 }],
])(
  'a run beyond the %s that it is given now trains nothing, and goes on where it was when it may',
  async (_, fewer) => {
    const whole = await trained({ epochs: 4, directory: 'whole' });
    // In the middle of the fourth epoch, with rows that are waited with.
    const first = await trained({ epochs: 4, steps: 70 });
    const over = await trained(fewer, { mode: 'resume' });
    expect(over.of('stepTaken')).toEqual([]);
    expect(over.of('epochEnded')).toEqual([]);
    expect(over.of('runEnded')).toMatchObject([{ outcome: 'finished', step: first.step, epoch: 3 }]);
    const rest = await trained({ epochs: 4 });
    expect(rest.step).toBe(whole.step);
    expect((await parametersIn('run')).equals(await parametersIn('whole'))).toBe(true);
  },
);

test('sources that are mixed end one epoch together, which is the one that is announced', async () => {
  const { of } = await trained({ epochs: 3, mixed: true });
  expect(of('runStarted')).toMatchObject([{ epochs: 1, rowsPerEpoch: 900 }]);
  expect(of('epochEnded')).toMatchObject([{ epoch: 1, counts: { received: 900 } }]);
});

test('a mixture of which a source has ended is given no more epochs, but with what fits of the model', async () => {
  // The smaller source has ended by then, and the other has not.
  const before = await trained({ mixed: true, steps: 22 });
  expect(before.step).toBe(22);
  const longer = { mixed: true, epochs: 2 };
  await expect(trained(longer, { mode: 'resume', resume: 'exact' })).rejects.toThrow(
    [
      "stream.epochs: expected 1, as when it was begun, because source 'more' of the mixture has ended; found 2",
      '  hint: change it back; or go on with what was learned, reading the sources from their beginning (--partial)',
    ].join('\n'),
  );
  const whole = await trained({ mixed: true }, { mode: 'resume', resume: 'exact' });
  expect(whole.step).toBeGreaterThan(22);
  await expect(trained(longer, { mode: 'resume', resume: 'exact' })).rejects.toThrow('stream.epochs');
  const again = await trained(longer, { mode: 'resume', resume: 'partial' });
  expect(again.step).toBeGreaterThan(2.5 * whole.step);
});
