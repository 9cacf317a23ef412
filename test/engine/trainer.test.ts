import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { expectClose } from '../trace/oracle.ts';
import { noNative } from './opened.ts';
import { copy, engines, everything, open, run, specs, twoHeads } from './two-heads.ts';

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

describe.each(engines)('a trainer, %s', (_, config) => {
  it('reports losses and outputs, and moves parameters, slots, clocks and moving statistics', async () => {
    const engine = await open(config);
    const spec = twoHeads();
    const trainer = await engine.train(spec);
    const prepared = await trainer.prepare(specs);
    const report = await run(prepared, 0);
    expect(report.loss).toBeCloseTo((report.losses.a as number) + (report.losses.b as number), 6);
    expect(report.outputs.hidden).toHaveLength(30);
    expect(report.nonFinite).toEqual([]);
    expect(report.gradientNorms.every((norm) => norm > 0)).toBe(true);
    await run(prepared, 1);
    const state = trainer.state();
    expect(Object.keys(state).sort()).toEqual([
      'clock/a',
      'clock/b',
      'clock/trunk',
      'parameter/a',
      'parameter/b',
      'parameter/mean',
      'parameter/trunk',
      ...['firstMoment', 'secondMoment'].flatMap((slot) => ['a', 'b', 'trunk'].map((name) => `slot/${slot}/${name}`)),
    ]);
    expect(state['clock/trunk']?.[0]).toBe(2);
    expect(state['parameter/mean']?.some((value) => value !== 0)).toBe(true);
    trainer.pull();
    expect(spec.variables.trunk?.dataSync()).toEqual(state['parameter/trunk']);
    expect(trainer.steps).toBe(2);
  });

  it('leaves everything of an absent group as it was, bit for bit', async () => {
    const engine = await open(config);
    const trainer = await engine.train(twoHeads());
    const prepared = await trainer.prepare(specs);
    await run(prepared, 0);
    const before = copy(trainer.state());
    for (let step = 1; step < 6; step++) await run(prepared, step, { ...everything, present: [true, true, false] });
    const after = copy(trainer.state());
    for (const [name, values] of Object.entries(after))
      if (/(^clock|^parameter|^slot\/\w+)\/b$/.test(name)) expect(values, name).toEqual(before[name]);
      else expect(values, name).not.toEqual(before[name]);
  });

  it('moves nothing when a loss is not finite, and says which', async () => {
    const engine = await open(config);
    const trainer = await engine.train(twoHeads());
    const prepared = await trainer.prepare(specs);
    await run(prepared, 0);
    const before = copy(trainer.state());
    const report = await run(prepared, 1, everything, Number.POSITIVE_INFINITY);
    expect(report.nonFinite).toContain('loss/b');
    expect(report.nonFinite).toContain('gradient/b');
    expect(report.nonFinite).not.toContain('loss/a');
    expect(copy(trainer.state())).toEqual(before);
    expect((await run(prepared, 2)).nonFinite).toEqual([]);
  });

  it('clips by value, by norm and over all groups', async () => {
    const clips = [{}, { value: 0.01 }, { norm: 0.05 }, { globalNorm: 0.05 }];
    const moved: number[] = [];
    for (const clip of clips) {
      tf.disposeVariables();
      const engine = await open(config);
      const spec = twoHeads();
      const start = spec.variables.trunk?.dataSync().slice() as Float32Array;
      const trainer = await engine.train({ ...spec, optimizer: { type: 'sgd' } });
      await run(await trainer.prepare(specs), 0, { present: [true, true, true], learningRates: [1, 1, 1], clip });
      const now = trainer.state()['parameter/trunk'] as Float32Array;
      moved.push(Math.hypot(...now.map((value, index) => value - (start[index] as number))));
    }
    const [free, byValue, byNorm, byAll] = moved as [number, number, number, number];
    expect(byValue).toBeLessThanOrEqual(0.01 * Math.sqrt(24) + 1e-6);
    expect(byNorm).toBeCloseTo(0.05, 5);
    expect(byAll).toBeLessThan(0.05);
    expect(free).toBeGreaterThan(byNorm);
  });

  it('computes functions of what it trains, and moves nothing by that', async () => {
    const engine = await open(config);
    const spec = twoHeads();
    const trainer = await engine.train(spec);
    const prepared = await trainer.prepare(specs);
    await run(prepared, 0);
    const scores = await trainer.infer(
      ({ x }) => ({ outputs: { scores: tf.matMul(x as tf.Tensor, spec.variables.trunk as tf.Variable) } }),
      { x: { shape: [1, 4] } },
    );
    const before = copy(trainer.state());
    (scores.inputs.x as Float32Array).set([1, 0, 0, 0]);
    const { scores: found } = await scores.run();
    expectClose(
      [...(found as Float32Array)],
      [...(trainer.state()['parameter/trunk'] as Float32Array).slice(0, 6)],
      'scores',
    );
    expect(copy(trainer.state())).toEqual(before);
  });

  it('continues from a restored state as if it had never stopped, bit for bit', async () => {
    const engine = await open(config);
    const [first, second] = [await engine.train(twoHeads()), await engine.train(twoHeads())];
    const prepared = await first.prepare(specs);
    for (let step = 0; step < 3; step++) await run(prepared, step);
    const saved = Object.fromEntries(Object.entries(first.state()).map(([name, values]) => [name, values.slice()]));
    for (let step = 3; step < 6; step++) await run(prepared, step);
    second.restore(saved as Record<string, TypedArray>);
    expect(second.state()['slot/firstMoment/a']).toEqual(saved['slot/firstMoment/a']);
    second.steps = 3;
    const continued = await second.prepare(specs);
    for (let step = 3; step < 6; step++) await run(continued, step);
    expect(copy(second.state())).toEqual(copy(first.state()));
    expect(() => second.restore({ 'parameter/a': new Float32Array(2) })).toThrow(
      "state 'parameter/a': expected 6 values; found 2",
    );
  });

  it('holds a step that follows one that was not taken, until another is', async () => {
    const engine = await open(config);
    const trainer = await engine.train(twoHeads());
    const prepared = await trainer.prepare(specs);
    await run(prepared, 0);
    const before = copy(trainer.state());
    const following = { ...everything, following: true };
    const [bad, held] = await Promise.all([
      run(prepared, 1, following, Number.POSITIVE_INFINITY),
      run(prepared, 2, following),
    ]);
    expect(bad.nonFinite).toContain('loss');
    expect(held).toMatchObject({ held: true, nonFinite: [] });
    expect(copy(trainer.state())).toEqual(before);
    expect((await run(prepared, 3)).held).toBeUndefined();
    expect((await run(prepared, 4, following)).held).toBeUndefined();
    expect(trainer.state()['clock/trunk']?.[0]).toBe(3);
  });

  it('keeps a bounded number of programs', async () => {
    const events: TrunklineEvent[] = [];
    const engine = await open(config.type === 'onnx-cpu' ? { ...config, programs: 2 } : config, events);
    const trainer = await engine.train(twoHeads());
    for (const rows of [5, 6, 7, 8, 5]) {
      const prepared = await trainer.prepare({
        x: { shape: [rows, 4] },
        y: { shape: [rows, 1] },
        weight: { shape: [] },
      });
      await prepared.run(0, everything);
    }
    const { programs, sessions } = await engine.status();
    if (config.type === 'onnx-cpu') {
      expect([programs, sessions]).toEqual([2, 2]);
      expect(events.filter(({ type }) => type === 'programCompiled')).toHaveLength(5);
      expect(events.filter(({ type }) => type === 'programEvicted')).toHaveLength(3);
    } else expect(programs).toBe(0);
    expect(trainer.state()['clock/trunk']?.[0]).toBe(5);
    await trainer.close();
    expect((await engine.status()).values).toBe(0);
  });
});

it('on TensorFlow', (context) => {
  context.skip(noNative !== undefined, noNative);
  expect(engines.map(([, { type }]) => type)).toContain('tfjs-node');
});

describe('trainers on different engines', () => {
  it('agree step by step, dropout and absent heads included', async () => {
    const histories: number[][] = [];
    for (const [, config] of engines) {
      tf.disposeVariables();
      const trainer = await (await open(config)).train(twoHeads());
      const prepared = await trainer.prepare(specs);
      const history: number[] = [];
      for (let step = 0; step < 8; step++) {
        const report = await run(prepared, step, { ...everything, present: [true, step % 2 === 0, step % 3 !== 0] });
        history.push(report.loss as number, ...report.gradientNorms);
      }
      histories.push([...history, ...(trainer.state()['parameter/trunk'] as Float32Array)]);
    }
    const [eager, ...others] = histories as [number[], ...number[][]];
    for (const history of others) expectClose(history, eager, 'history', { relative: 1e-4, absolute: 1e-6 });
  });
});
