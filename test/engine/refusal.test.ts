import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { openEngine } from '../../src/engine/index.ts';
import { engines, everything, open, run, specs, twoHeads } from './two-heads.ts';

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

describe.each(engines.slice(0, 3))('a trainer refuses, %s', (_, config) => {
  it('settings that do not fit', async () => {
    const trainer = await (await open(config)).train(twoHeads());
    const prepared = await trainer.prepare(specs);
    await expect(prepared.run(2, { present: [true], learningRates: [0.1, Number.NaN, -1] })).rejects.toThrow(
      [
        'present: expected one for each of 3 groups (trunk, a, b); found 1',
        'learningRates[1]: expected a finite number, 0 or more; found NaN',
        'learningRates[2]: expected a finite number, 0 or more; found -1',
        'slot: expected a whole number below 2; found 2',
      ].join('\n'),
    );
    expect((await run(prepared, 0)).nonFinite).toEqual([]);
  });

  it('limits, settings and shapes that cannot be', async () => {
    const spec = twoHeads();
    const engine = await open(config);
    const trainer = await engine.train(spec);
    const prepared = await trainer.prepare(specs);
    await expect(run(prepared, 0, { ...everything, clip: { norm: -1, globalNrom: 3 } as never })).rejects.toThrow(
      "clip.norm: expected a number above 0; found -1\nclip.globalNrom: expected one of 'value', 'norm', 'globalNorm'; found 'globalNrom'\n  hint: did you mean 'globalNorm'?",
    );
    await expect(engine.train({ ...spec, optimizer: { type: 'adm' as never } })).rejects.toThrow(
      "found 'adm'\n  hint: did you mean 'adam'?",
    );
    await expect(
      engine.train({ ...spec, optimizer: { type: 'adam', settings: { beta_1: 0.5, beta2: 2, epsilon: 0 } } }),
    ).rejects.toThrow(
      /^optimizer\.settings\.beta_1: expected one of 'beta1', .*\n.*'beta1'\?\noptimizer\.settings\.beta2: expected a number from 0 to below 1; found 2\noptimizer\.settings\.epsilon: expected a number above 0; found 0$/,
    );
    await expect(
      trainer.prepare({ x: { shape: [-1, 4] }, y: { shape: 4 as never, dtype: 'flota32' as never } }),
    ).rejects.toThrow(
      "inputs.x.shape: expected a list of whole numbers, 0 or more; found [-1, 4]\ninputs.y.shape: expected a list of whole numbers, 0 or more; found 4\ninputs.y.dtype: expected one of 'float32', 'int32', 'bool'; found 'flota32'",
    );
  });

  it('a slot that is still being computed', async () => {
    const prepared = await (await (await open(config)).train(twoHeads())).prepare(specs);
    const first = run(prepared, 0);
    await expect(run(prepared, 2)).rejects.toThrow(
      'slot 0: expected a slot whose last step has settled; found one that is being computed\n  hint: await that step, or alternate the slots',
    );
    await first;
    expect((await run(prepared, 2)).nonFinite).toEqual([]);
  });

  it.each([
    [
      async () => ({}),
      'the step: expected an object with loss, losses, activations, outputs made of tensors; found a promise',
    ],
    [
      () => tf.scalar(1),
      'the step: expected an object with loss, losses, activations, outputs made of tensors; found a tensor []',
    ],
    [() => undefined, 'made of tensors; found nothing'],
    [() => ({ loss: 3 }), 'loss: expected an object with loss'],
    [() => ({ los: tf.scalar(1) }), "found 'los'\n  hint: did you mean 'loss'?"],
  ])('a step that returns something else: %#', async (step, message) => {
    const trainer = await (await open(config)).train({ ...twoHeads(), step: step as never });
    await expect(trainer.prepare(specs).then((prepared) => run(prepared, 0))).rejects.toThrow(message);
  });

  it('groups that overlap', async () => {
    const { groups, ...spec } = twoHeads();
    const [trunk, a] = groups as [(typeof groups)[number], (typeof groups)[number]];
    const engine = await open(config);
    await expect(
      engine.train({ ...spec, groups: [trunk, { ...a, variables: trunk.variables.slice(0, 1) }, a, a] }),
    ).rejects.toThrow(
      "groups: variable 'trunk': expected it in one group; found it in 'trunk' and 'a'\ngroups: expected names that differ; found two named 'a'",
    );
  });

  it('parameters that are not finite', async () => {
    const spec = twoHeads();
    spec.variables.a?.assign(tf.tensor([1, Number.NaN, 3, 4, 5, 6], [6, 1]));
    spec.variables.mean?.assign(tf.fill([1, 6], Number.NEGATIVE_INFINITY));
    await expect((await open(config)).train(spec)).rejects.toThrow(
      [
        "variable 'mean'[0]: expected finite values to start from; found -Infinity",
        "  hint: check its initialiser, or what was assigned to it\nvariable 'a'[1]: expected finite values to start from; found NaN",
      ].join('\n'),
    );
  });

  it('a variable that nothing would move', async () => {
    const { groups, ...spec } = twoHeads();
    const trainer = await (await open(config)).train({ ...spec, groups: groups.slice(0, 2) });
    const settings = { present: [true, true], learningRates: [1, 1] };
    await expect(trainer.prepare(specs).then((prepared) => run(prepared, 0, settings))).rejects.toThrow(
      "variable 'b': expected every trainable variable the step uses in one of the groups; found it in none of 'trunk', 'a'\n  hint: add it to a group, or make it untrainable if it is meant to stay as it is",
    );
  });

  it('a variable that is assigned and in no group, which keeps its value', async () => {
    const { groups, variables, ...spec } = twoHeads();
    const trainer = await (await open(config)).train({
      ...spec,
      groups: [{ name: 'trunk', variables: [variables.trunk as tf.Variable] }, ...groups.slice(1)],
    });
    await expect(trainer.prepare(specs).then((prepared) => run(prepared, 0))).rejects.toThrow(
      "variable 'mean': expected every variable the step assigns in one of the groups; found it in none of 'trunk', 'a', 'b'\n  hint: add it to the group whose labels it follows",
    );
    expect(variables.mean?.dataSync()).toEqual(new Float32Array(6));
  });

  it('to train what is not of float32', async () => {
    const count = tf.variable(tf.tensor1d([1, 2], 'int32'), true, 'count');
    const trainer = await (await open(config)).train({
      ...twoHeads(),
      step: () => ({ loss: tf.sum(tf.cast(count, 'float32')) }),
      groups: [{ name: 'all', variables: [count] }],
    });
    const settings = { present: [true], learningRates: [1] };
    await expect(trainer.prepare({}).then((prepared) => prepared.run(0, settings))).rejects.toThrow(
      "variable 'count': expected float32 values to train; found int32\n  hint: make it of float32, or untrainable",
    );
  });

  it('inputs of a second stage that nobody would write, and stages there are not', async () => {
    const trainer = await (await open(config)).train(twoHeads());
    const late = { ...specs, weight: { shape: [], stage: 1 } };
    const prepared = await trainer.prepare(late);
    await expect(prepared.run(0, everything)).rejects.toThrow(
      "between: expected a function that writes 'weight', known only after the first stage; found nothing",
    );
    await expect(trainer.prepare({ ...specs, weight: { shape: [], stage: 2 } })).rejects.toThrow(
      'inputs.weight.stage: expected 0 or 1; found 2',
    );
    await expect(trainer.infer(() => ({}), late)).rejects.toThrow(
      'inputs.weight.stage: expected 0: nothing decides between stages here; found 1',
    );
  });

  it('to go on after it was closed', async () => {
    const trainer = await (await open(config)).train(twoHeads());
    const prepared = await trainer.prepare(specs);
    const step = () => ({ outputs: { one: tf.scalar(1) } });
    const inference = await trainer.infer(step, {});
    await trainer.close();
    await trainer.close();
    const later: readonly (() => unknown)[] = [
      () => run(prepared, 0),
      () => trainer.prepare(specs),
      () => trainer.prepare({ ...specs, x: { shape: [9, 4] } }),
      () => trainer.infer(step, {}),
      () => inference.run(),
      () => trainer.pull(),
      () => trainer.state(),
      () => trainer.restore({}),
    ];
    for (const call of later)
      await expect(async () => call()).rejects.toThrow('trainer: expected an open trainer; found a closed one');
  });

  it('to open anything on a closed engine', async () => {
    const engine = await open(config);
    await engine.close();
    await engine.close();
    await expect(engine.train(twoHeads())).rejects.toThrow(/^engine .*: expected an open engine; found a closed one$/);
    await expect(engine.status()).rejects.toThrow('expected an open engine');
  });
});

describe('an engine refuses', () => {
  it('a constant of a step that is not finite, as often as it is asked, and takes it once it is', async () => {
    const constant = tf.variable(tf.scalar(Number.NaN), false, 'constant');
    const trainer = await (await open({ type: 'onnx-cpu', worker: false, threads: 1 })).train({
      ...twoHeads(),
      step: () => ({ outputs: { constant: tf.add(constant, 1) } }),
    });
    for (let time = 0; time < 2; time++)
      await expect(trainer.prepare({})).rejects.toThrow(
        "variable 'constant'[0]: expected finite values to start from; found NaN",
      );
    constant.assign(tf.scalar(3));
    const { outputs } = await (await trainer.prepare({})).run(0, everything);
    expect(outputs.constant?.[0]).toBe(4);
  });

  it('a model that does not fit', async () => {
    const trainer = await (await open({ type: 'onnx-cpu', worker: false, threads: 1, memoryBytes: 1 << 20 })).train({
      ...twoHeads(),
      step: ({ x }) => ({
        loss: tf.sum(tf.matMul(x as tf.Tensor2D, tf.variable(tf.zeros([4, 100_000]), false, 'wide'))),
      }),
    });
    await expect(trainer.prepare(specs)).rejects.toThrow(
      /^arena region 'trainer\d+\/parameter\/wide' float32 \[4, 100000\]: expected 1\.5 MiB of free memory in one piece; found \d+\.\d KiB free of 1\.0 MiB\n {2}hint: an arena holds/,
    );
  });

  it('a GPU that is not there', async (context) => {
    const opened = await openEngine({ type: 'onnx-webgpu', worker: false, threads: 1 }).catch(
      (reason: unknown) => reason,
    );
    context.skip(!(opened instanceof Error), 'this machine has a WebGPU adapter');
    expect((opened as Error).message).toMatch(/^provider webgpu: expected a GPU adapter; found /);
  });

  it('CUDA libraries that are not there, which auto reports', async (context) => {
    const events: TrunklineEvent[] = [];
    const cuda = await openEngine({ type: 'onnx-cuda', worker: false, threads: 1 }).catch((reason: unknown) => reason);
    context.skip(!(cuda instanceof Error), 'this machine has CUDA');
    expect((cuda as Error).message).toMatch(/^provider cuda: expected ONNX Runtime's CUDA libraries in .*; found no /);
    await open({ type: 'auto' }, events);
    expect(events.find(({ type }) => type === 'engineChosen')).toMatchObject({
      engine: 'onnx-cpu',
      reason: expect.stringMatching(/; no CUDA: provider cuda: expected /),
    });
  });

  it('packages that are not there', async () => {
    // Its package needs a GPU to load, and is installed by nothing here.
    await expect(openEngine({ type: 'tfjs-node-gpu' })).rejects.toThrow(
      /^engine tfjs-node-gpu: expected the package @tensorflow\/tfjs-node-gpu; found .*'?@tensorflow\/tfjs-node-gpu.*\n {2}hint: npm install @tensorflow\/tfjs-node-gpu, or use the engine onnx-cpu/,
    );
  });

  it('engines that there are not', async () => {
    await expect(openEngine({ type: 'onnx-gpu' } as never)).rejects.toThrow("expected one of 'onnx-cpu'");
  });
});
