import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import type { HeadReport } from '../../../src/step/report.ts';
import { heads, type ReportOfHeads } from '../../../src/stream/stage/heads.ts';

const of = (loss: number): HeadReport => ({ loss, labels: 1, denominator: 1, weight: 1 });
const [x, y, z] = [of(1), of(2), of(3)];
const reports: Record<string, ReportOfHeads<'tox' | 'sol'>> = {
  a: { heads: { tox: x } },
  b: { heads: { tox: y, sol: z } },
  c: { heads: { sol: x } },
};
const scheduler = (): TestScheduler => new TestScheduler((actual, expected) => expect(actual).toEqual(expected));

describe('heads', () => {
  it.each([
    {
      name: 'each head where it was present',
      source: 'a-b-c-|',
      tox: 'x-y---|',
      sol: '--z-x-|',
      subscribed: '^-----!',
    },
    { name: 'nothing', source: '---|', tox: '---|', sol: '---|', subscribed: '^--!' },
    { name: 'no end', source: '-', tox: '-', sol: '-', subscribed: '^' },
    { name: 'an error', source: 'a-#', tox: 'x-#', sol: '--#', subscribed: '^-!' },
  ])('give $name', ({ source, tox, sol, subscribed }) => {
    scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
      const report$ = cold(source, reports);
      const streams = heads(report$);
      expectObservable(streams.tox).toBe(tox, { x, y, z });
      expectObservable(streams.sol).toBe(sol, { x, y, z });
      expectSubscriptions(report$.subscriptions).toBe([subscribed, subscribed]);
    });
  });

  it('are left when nobody listens', () => {
    scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
      const report$ = cold('a-b-c-|', reports);
      expectObservable(heads(report$).tox, '^--!').toBe('x-y', { x, y });
      expectSubscriptions(report$.subscriptions).toBe('^--!');
    });
  });

  it('are the same stream by the same name, and hold up nobody who awaits or prints them', async () => {
    const streams = heads(new (await import('rxjs')).Subject<ReportOfHeads<'tox'>>());
    expect(streams.tox).toBe(streams.tox);
    expect(await streams).toBe(streams);
    expect(String(Object.keys(streams))).toBe('');
  });
});
