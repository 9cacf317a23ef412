import { expect, it } from 'vitest';
import { ProgramCache, type Use } from '../../src/engine/program-cache.ts';

/** A cache of two, whose programs are made when told. */
function cacheOfTwo() {
  const discarded: string[] = [];
  const cache = new ProgramCache<string>(2, async (ready) => {
    discarded.push(ready);
  });
  const made: string[] = [];
  const uses = new Map<string, Use>();
  const get = (key: string, ready: Promise<string> = Promise.resolve(key)): Promise<string> =>
    cache.get(key, (use) => {
      made.push(key);
      uses.set(key, use);
      return ready;
    });
  return { cache, discarded, made, use: (key: string) => uses.get(key)?.(), get };
}

it('makes a program once for those who ask at the same time', async () => {
  const { discarded, made, get } = cacheOfTwo();
  expect(await Promise.all([get('a'), get('a'), get('b'), get('a')])).toEqual(['a', 'a', 'b', 'a']);
  expect([made, discarded]).toEqual([['a', 'b'], []]);
});

it('keeps those that were used last, and refuses the use of others', async () => {
  const { discarded, use, get } = cacheOfTwo();
  for (const key of ['a', 'b']) await get(key);
  use('a');
  await get('c');
  expect(discarded).toEqual(['b']);
  expect(() => use('b')).toThrow(
    "prepared step: expected one in use; found one that was evicted when others were prepared\n  hint: prepare it again, or raise the engine's option 'programs'",
  );
  use('a');
});

it('forgets one that could not be made, and tries again', async () => {
  const { discarded, made, get } = cacheOfTwo();
  const failing = [get('a', Promise.reject(new Error('no'))), get('a')];
  for (const { status } of await Promise.allSettled(failing)) expect(status).toBe('rejected');
  expect(await get('a')).toBe('a');
  expect([made, discarded]).toEqual([['a', 'a'], []]);
});

it('evicts nothing for one that fails at once', async () => {
  const { cache, discarded, get, use } = cacheOfTwo();
  for (const key of ['a', 'b']) await get(key);
  expect(() =>
    cache.get('c', () => {
      throw new Error('no');
    }),
  ).toThrow('no');
  use('a');
  expect(discarded).toEqual([]);
});

it('frees everything at the end, also what is still being made', async () => {
  const { cache, discarded, get, use } = cacheOfTwo();
  await get('a');
  let make = (_: string): void => {};
  const pending = get('b', new Promise((resolve) => (make = resolve)));
  const cleared = cache.clear();
  expect(() => use('b')).toThrow('found one that was evicted');
  make('b');
  expect(await pending).toBe('b');
  await cleared;
  expect(discarded.sort()).toEqual(['a', 'b']);
});
