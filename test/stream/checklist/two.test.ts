import { describe, expect, it } from 'vitest';
import { emptyChunk } from '../../../src/core/rows.ts';
import type { Flow } from '../../../src/stream/flow.ts';
import { interleave } from '../../../src/stream/interleave.ts';
import type { StreamChunk } from '../../../src/stream/item.ts';
import { join } from '../../../src/stream/join.ts';
import { newFolder } from '../folder.ts';
import { chunkOf, heads, type Row } from '../join/rows.ts';
import { play, type Score } from '../marble.ts';
import { itemOf, openFlow } from '../sample.ts';
import { begun } from './cases.ts';

/** `h` for the first item, else its rows; `e` where an epoch ends. */
const summary = ({ rows, epochEnd }: StreamChunk): string => (epochEnd === undefined ? `${rows || 'h'}` : 'e');
const flowOf = (source: string, own: readonly string[] = heads): Flow =>
  openFlow({ name: source, origins: [{ source, tags: [] }], heads: own });

type Two = Score<'one' | 'other'>;
const both = (text: string): Two['subscriptions'] => ({ one: text, other: text });

describe('interleave of two streams', () => {
  // Of two streams the first is always drawn, as long as it goes on.
  it.each<[string, Two]>([
    [
      'one that is not drawn waits until the other has ended',
      {
        sources: { one: '-a---b---|', other: '-cd--------|' },
        output: 'h4---4---8-(e|)',
        subscriptions: { one: '^--------!', other: '^----------!' },
      },
    ],
    [
      'one that is drawn is waited for, though the other has ended',
      {
        sources: { one: '------a-|', other: 'c-|' },
        output: 'h-----4-(4e|)',
        subscriptions: { one: '^-------!', other: '^-!' },
      },
    ],
    [
      'both empty',
      { sources: { one: '--|', other: '|' }, output: 'h-(e|)', subscriptions: { one: '^-!', other: '(^!)' } },
    ],
    [
      'the drawn one empty',
      { sources: { one: '|', other: '-c-d-|' }, output: 'h4-4-(e|)', subscriptions: { one: '(^!)', other: '^----!' } },
    ],
    [
      'never: nothing of the other',
      { sources: { one: '---', other: '-c-' }, output: 'h--', subscriptions: both('^--!') },
    ],
    [
      'an error of the drawn one',
      { sources: { one: '-a-#', other: '----' }, output: 'h4-#', subscriptions: both('^--!') },
    ],
    [
      'an error of the other, when it is drawn',
      {
        sources: { one: '-a---|', other: '--#---' },
        output: 'h4---#',
        subscriptions: { one: '^----!', other: '^-!' },
      },
    ],
    [
      'left: both are left',
      { sources: { one: '-a-b-', other: '-c-d-' }, leave: '--!', output: 'h4---', subscriptions: both('^-!') },
    ],
  ])('%s', async (_, score) => {
    const flows = { one: flowOf('one'), other: flowOf('other') };
    const values = {
      a: itemOf(flows.one, 0, 4),
      b: itemOf(flows.one, 4, 8),
      c: itemOf(flows.other, 0, 4),
      d: itemOf(flows.other, 4, 8),
    };
    const played = await play<'one' | 'other', StreamChunk, StreamChunk>(
      score,
      values,
      ({ one, other }) =>
        interleave([
          { samples$: begun(one, flows.one), weight: 1e12 },
          { samples$: begun(other, flows.other), weight: 1e-12 },
        ]),
      summary,
    );
    expect(played).toEqual(score);
  });
});

describe('join of samples and labels', () => {
  type Joined = Score<'samples' | 'labels'>;
  const each = (samples: string, labels = samples): Joined['subscriptions'] => ({ samples, labels });
  // A row is taken when the other stream has one too, or has ended; without times in turn: a sample, a label, a sample.
  it.each<[string, Joined]>([
    [
      'a sample goes on with its label',
      {
        sources: { samples: '-s--t----|', labels: '---x-y---|' },
        output: 'h---1----(1e|)',
        subscriptions: each('^--------!'),
      },
    ],
    [
      'labels that are early wait for their sample, and go on with it',
      {
        sources: { samples: '-(ts)--|', labels: '-x-y---|' },
        output: 'h--1---(1e|)',
        subscriptions: each('^------!'),
      },
    ],
    [
      'a label of another head comes later: once more, with that alone',
      { sources: { samples: '-s-t-|', labels: '--x-z|' }, output: 'h--1-(1e|)', subscriptions: each('^----!') },
    ],
    [
      'a stream that has ended is not waited for',
      {
        sources: { samples: '-(st|)', labels: '---x-y-|' },
        output: 'h--1-1-(e|)',
        subscriptions: each('^!', '^------!'),
      },
    ],
    [
      'what waits at the end goes on no more',
      { sources: { samples: '-(st)|', labels: '-x---|' }, output: 'h1---(e|)', subscriptions: each('^----!') },
    ],
    ['both empty', { sources: { samples: '|', labels: '--|' }, output: 'h-(e|)', subscriptions: each('(^!)', '^-!') }],
    ['never', { sources: { samples: '-s-', labels: '---' }, output: 'h--', subscriptions: each('^--!') }],
    [
      'an error of the samples',
      { sources: { samples: '-(st)-#', labels: '-x---' }, output: 'h1----#', subscriptions: each('^-----!') },
    ],
    [
      'an error of the labels',
      { sources: { samples: '-(st)--', labels: '-x---#' }, output: 'h1---#', subscriptions: each('^----!') },
    ],
    [
      'left: both are left',
      { sources: { samples: '-(st)', labels: '-x-y' }, leave: '--!', output: 'h1--', subscriptions: each('^-!') },
    ],
  ])('%s', async (_, score) => {
    const flows = { samples: flowOf('samples'), labels: flowOf('labels') };
    const item = (side: 'samples' | 'labels', ...rows: readonly Row[]): StreamChunk => {
      flows[side].receive({ rows: rows.length, sizeBytes: 50 });
      return { ...emptyChunk, ...chunkOf(rows, 0, side === 'samples'), flow: flows[side], epoch: 1 };
    };
    const values = {
      s: item('samples', { id: 's' }),
      t: item('samples', { id: 't' }),
      x: item('labels', { id: 's', labels: { a: 1 } }),
      y: item('labels', { id: 't', labels: { a: 2, b: 3 } }),
      z: item('labels', { id: 's', labels: { b: 4 } }),
    };
    const played = await play<'samples' | 'labels', StreamChunk, StreamChunk>(
      score,
      values,
      ({ samples, labels }) =>
        join(begun(samples, flows.samples), begun(labels, flows.labels), { directory: newFolder(), ttlMs: 1000 }),
      summary,
    );
    expect(played).toEqual(score);
  });
});
