import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { numbers } from '../trace/oracle.ts';
import { copy, engines, everything, open, run, specs, twoHeads } from './two-heads.ts';

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

const shape: [number, number] = [6, 1];

describe.each(engines)('a variable that was given other values, %s', (_, config) => {
  it('goes on from them: in a step, in a function, in the state', async () => {
    const engine = await open(config);
    const changed = twoHeads();
    const trainer = await engine.train(changed);
    const prepared = await trainer.prepare(specs);
    await run(prepared, 0);
    const state = trainer.state();
    changed.variables.a.assign(tf.tensor(numbers(6, 77), shape));
    expect(copy(trainer.state())['parameter/a']).toEqual([...Float32Array.from(numbers(6, 77))]);

    // What it must be: the same state, with these values from the start.
    const other = twoHeads();
    const oracle = await engine.train(other);
    oracle.restore({ ...state, 'parameter/a': Float32Array.from(numbers(6, 77)) });
    oracle.steps = 1;
    await run(prepared, 1);
    await run(await oracle.prepare(specs), 1);
    expect(copy(trainer.state())).toEqual(copy(oracle.state()));

    changed.variables.a.assign(tf.tensor(numbers(6, 78), shape));
    const read = await trainer.infer(() => ({ outputs: { a: changed.variables.a.clone() } }), {});
    expect([...((await read.run()).a as Float32Array)]).toEqual([...Float32Array.from(numbers(6, 78))]);
  });

  it('is not given back what was before by pull', async () => {
    const spec = twoHeads();
    const trainer = await (await open(config)).train(spec);
    await run(await trainer.prepare(specs), 0);
    spec.variables.b.assign(tf.tensor(numbers(6, 79), shape));
    trainer.pull();
    expect([...spec.variables.b.dataSync()]).toEqual([...Float32Array.from(numbers(6, 79))]);
  });

  it('is given what is restored after that', async () => {
    const spec = twoHeads();
    const trainer = await (await open(config)).train(spec);
    await run(await trainer.prepare(specs), 0);
    spec.variables.b.assign(tf.tensor(numbers(6, 80), shape));
    trainer.restore({ 'parameter/b': new Float32Array(6).fill(0.5) });
    expect(copy(trainer.state())['parameter/b']).toEqual(new Array(6).fill(0.5));
  });
});

describe.each(engines.filter(([, { type }]) => type === 'onnx-cpu'))(
  'between steps that are under way, %s',
  (_, config) => {
    it('values given meanwhile are those of the next', async () => {
      const spec = twoHeads();
      const trainer = await (await open(config)).train(spec);
      const prepared = await trainer.prepare(specs);
      const settings = { ...everything, learningRates: [0, 0, 0] };
      const [first, second] = [
        run(prepared, 0, settings),
        (() => {
          spec.variables.b.assign(tf.zeros(shape));
          return run(prepared, 1, settings);
        })(),
      ];
      expect((await first).losses.b).toBeGreaterThan(0);
      expect((await second).losses.b).toBe(0);
    });

    it('values that are not finite are refused by name, until they are', async () => {
      const spec = twoHeads();
      const trainer = await (await open(config)).train(spec);
      const prepared = await trainer.prepare(specs);
      const before = copy(trainer.state());
      spec.variables.b.assign(tf.fill(shape, Number.NaN));
      for (const step of [0, 1])
        await expect(run(prepared, step)).rejects.toThrow(
          "variable 'b'[0]: expected finite values to start from; found NaN\n" +
            '  hint: check its initialiser, or what was assigned to it',
        );
      spec.variables.b.assign(tf.tensor(before['parameter/b'] as number[], shape));
      expect((await run(prepared, 0)).nonFinite).toEqual([]);
    });
  },
);
