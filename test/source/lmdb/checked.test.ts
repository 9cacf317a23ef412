import type { Database } from 'lmdb';
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/core/error.ts';
import { CheckedTable, jsonForm } from '../../../src/source/lmdb/checked.ts';

test('keys that are none any more are damage, whatever LMDB says of them', () => {
  // As LMDB does with a bit that turned a number of milliseconds into a fraction: it can't be made by a file of few rows.
  const all = function* (): Generator<bigint> {
    yield BigInt(155.5);
  };
  const table = new CheckedTable(
    { getRange: all, getKeys: all } as unknown as Database<Buffer, string>,
    jsonForm(),
    'join',
  );
  const error = new ConfigError({
    where: 'join',
    expected: 'the store as it was written',
    found:
      "a damaged one: keys that can't be read (The number 155.5 cannot be converted to a BigInt because it is not an integer)",
    hint: 'put it back from a copy, or move its folder away: what it held is lost then',
  });
  expect(() => [...table.range({})]).toThrow(error);
  expect(() => [...table.keys({})]).toThrow(error);
});
