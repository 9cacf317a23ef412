import { describe, expect, test } from 'vitest';
import { type Clock, ManualClock, systemClock } from '../../src/core/clock.ts';

/** Runs `wait` to its end, whichever way time passes on this clock. */
type Finish = <T>(wait: Promise<T>) => Promise<T>;
const manual = new ManualClock(1_700_000_000_000);
const clocks: [string, Clock, Finish][] = [
  ['systemClock', systemClock, (wait) => wait],
  ['ManualClock', manual, async (wait) => (await Promise.all([wait, manual.advance(20)]))[0]],
];

describe.each(clocks)('%s', (_name, clock, finish) => {
  test('sleeps at least as long as asked', async () => {
    const [wallMs, startMs] = [clock.nowMs(), clock.monotonicMs()];
    await finish(clock.sleep(5));
    expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(5);
    expect(clock.nowMs()).toBeGreaterThan(wallMs);
  });

  test('does not sleep for 0 or less', async () => {
    await clock.sleep(0);
    await clock.sleep(-1);
  });

  test("ends with the signal's reason, before and during a sleep", async () => {
    const reason = new Error('shutting down');
    await expect(clock.sleep(1e6, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const sleep = clock.sleep(1e6, controller.signal);
    controller.abort(reason);
    await expect(sleep).rejects.toBe(reason);
  });

  test('takes a sleep longer than a Node timer can be', async () => {
    const controller = new AbortController();
    let ended = false;
    const sleep = clock.sleep(2 ** 33, controller.signal).finally(() => {
      ended = true;
    });
    await finish(clock.sleep(5));
    expect(ended).toBe(false);
    controller.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
  });
});

describe('ManualClock', () => {
  test('ends sleeps in the order they are due, each at its own time', async () => {
    const clock = new ManualClock(100);
    const log: string[] = [];
    const sleeper = async (name: string, ...durationsMs: number[]): Promise<void> => {
      for (const durationMs of durationsMs) {
        await clock.sleep(durationMs);
        log.push(`${name}@${clock.nowMs()}`);
      }
    };
    const all = Promise.all([sleeper('a', 30), sleeper('b', 10, 10, 30), sleeper('c', 20)]);
    await clock.advance(40);
    expect(log).toEqual(['b@110', 'c@120', 'b@120', 'a@130']);
    expect(clock.monotonicMs()).toBe(40);
    expect(clock.sleeping).toBe(1);
    await clock.advance(10);
    await all;
    expect(log.at(-1)).toBe('b@150');
    expect(clock.sleeping).toBe(0);
  });

  test('forgets an aborted sleep', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const sleep = clock.sleep(10, controller.signal);
    expect(clock.sleeping).toBe(1);
    controller.abort(new Error('stop'));
    await expect(sleep).rejects.toThrow('stop');
    expect(clock.sleeping).toBe(0);
  });
});
