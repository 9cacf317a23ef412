import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TrunklineEvent } from '../../src/core/event.ts';
import type { Engine, PreparedStep, Trainer } from '../../src/engine/trainer.ts';
import { everything, open, run, specs, twoHeads } from './two-heads.ts';

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

const events: TrunklineEvent[] = [];
const count = (type: TrunklineEvent['type']): number => events.filter((event) => event.type === type).length;

async function start(worker: boolean, memoryBytes = 1 << 26): Promise<{ engine: Engine; trainer: Trainer }> {
  events.length = 0;
  const engine = await open({ type: 'onnx-cpu', threads: 1, worker, programs: 2, memoryBytes }, events);
  return { engine, trainer: await engine.train(twoHeads()) };
}

const ofRows = (rows: number) => ({ ...specs, x: { shape: [rows, 4] }, y: { shape: [rows, 1] } });
const evicted = 'prepared step: expected one in use; found one that was evicted when others were prepared';

describe.each([false, true])('programs of a trainer, worker: %s', (worker) => {
  it('are compiled once for those who prepare at the same time', async () => {
    const { engine, trainer } = await start(worker);
    const prepared = await Promise.all(Array.from({ length: 4 }, () => trainer.prepare(specs)));
    const infer = () => trainer.infer(step, { x: { shape: [2] } });
    const step = ({ x }: Record<string, tf.Tensor>) => ({ outputs: { x: tf.mul(x as tf.Tensor, 2) } });
    const inferences = await Promise.all([infer(), infer()]);
    expect([count('programCompiled'), count('programEvicted')]).toEqual([2, 0]);
    expect((await engine.status()).programs).toBe(2);
    for (const [number, one] of prepared.entries()) expect((await run(one, number)).nonFinite).toEqual([]);
    inferences[1]?.inputs.x?.set([1, 2] as never);
    expect((await inferences[0]?.run())?.x).toEqual(Float32Array.of(2, 4));
  });

  it('are the same for specs that say the same', async () => {
    const { trainer } = await start(worker);
    await trainer.prepare(specs);
    const { x, y, weight } = specs;
    await trainer.prepare({ weight, y: { dtype: 'float32', shape: y.shape }, x: { ...x, stage: 0 } });
    expect(count('programCompiled')).toBe(1);
  });

  it('stay while they are used, and say so when they are gone', async () => {
    const { trainer } = await start(worker);
    const [first, second] = [await trainer.prepare(ofRows(5)), await trainer.prepare(ofRows(6))];
    const inference = await trainer.infer(() => ({ outputs: { one: tf.scalar(1) } }), {});
    await first.run(0, everything);
    const third = await trainer.prepare(ofRows(7));
    await expect(second.run(0, everything)).rejects.toThrow(evicted);
    for (const one of [first, third]) expect((await one.run(0, everything)).nonFinite).toEqual([]);
    for (const value of [2, 3]) await trainer.infer(() => ({ outputs: { value: tf.scalar(value) } }), {});
    await expect(inference.run()).rejects.toThrow(evicted);
    const again = await trainer.prepare(ofRows(6));
    expect((await again.run(0, everything)).nonFinite).toEqual([]);
  });

  it('are freed after the steps that were asked for before', async () => {
    const { trainer } = await start(worker);
    const late = { ...specs, weight: { shape: [], stage: 1 } };
    const first = await trainer.prepare(late);
    const reports = [0, 1].map((slot) => {
      for (const values of Object.values(first.slots[slot] ?? {})) values.fill(0.5 as never);
      return first.run(slot, everything, () => first.slots[slot]?.weight?.fill(1 as never));
    });
    await Promise.all([6, 7].map((rows) => trainer.prepare(ofRows(rows))));
    await expect(first.run(0, everything, () => {})).rejects.toThrow(evicted);
    for (const { nonFinite, loss } of await Promise.all(reports)) {
      expect(nonFinite).toEqual([]);
      expect(loss).toBeGreaterThan(0);
    }
  });

  it('leave nothing behind when the trainer is closed while they are made', async () => {
    const { engine, trainer } = await start(worker);
    const preparing = trainer.prepare(specs);
    const closed = trainer.close();
    await expect(preparing).rejects.toThrow('trainer: expected an open trainer; found a closed one');
    await closed;
    expect(await engine.status()).toMatchObject({ programs: 0, sessions: 0, values: 0 });
  });

  it('leave nothing behind when there is no room for them', async () => {
    const { engine, trainer } = await start(worker, 1 << 20);
    const large = ofRows(20_000);
    for (let time = 0; time < 3; time++)
      await expect(trainer.prepare(large)).rejects.toThrow('of free memory in one piece');
    const prepared: PreparedStep = await trainer.prepare(ofRows(500));
    expect((await prepared.run(0, everything)).nonFinite).toEqual([]);
    expect((await engine.status()).programs).toBe(1);
  });
});

it('a trainer without room for its parameters takes none', async () => {
  const { engine } = await start(false, 1 << 20);
  const wide = () => tf.variable(tf.zeros([200_000]), true);
  const spec = { ...twoHeads(), groups: [{ name: 'wide', variables: [wide(), wide()] }] };
  for (let time = 0; time < 2; time++)
    await expect(engine.train(spec)).rejects.toThrow('found 178.4 KiB free of 1.0 MiB');
});
