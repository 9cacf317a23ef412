import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { abuseStore, verdictOf } from '../../../scripts/abuse/store/kept.ts';
import { stores } from '../../../scripts/abuse/store/stores.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-verify-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(stores)('what keeps records ($name)', (store) => {
  const [good, spoilt] = [join(folder, `${store.name}-good`), join(folder, `${store.name}-spoilt`)];
  beforeAll(async () => {
    mkdirSync(good);
    await store.write(good);
  });

  const damagedBy = async (spoil: (path: string, content: Buffer) => void, name = 'data.mdb') => {
    rmSync(spoilt, { recursive: true, force: true });
    cpSync(good, spoilt, { recursive: true });
    const path = join(spoilt, name);
    spoil(path, readFileSync(path));
    const { faults, error = '' } = await verdictOf(store, spoilt);
    expect(faults).toEqual([]);
    return error.replaceAll(spoilt, 'folder');
  };
  const changed = (at: number, value: number) =>
    damagedBy((path, content) => {
      content[at] = value;
      writeFileSync(path, content);
    });
  const hint = '\n  hint: put it back from a copy, or move its folder away: what it held is lost then';
  const says = (found: string): string =>
    `folder: expected the store as it was written; found a damaged one: ${found}${hint}`;

  test('is whole when nothing was done to it, or something was added to the file', async () => {
    expect(await damagedBy(() => {})).toBe('');
    expect(
      await damagedBy((path, content) => writeFileSync(path, Buffer.concat([content, Buffer.alloc(6000, 7)]))),
    ).toBe('');
    expect(await damagedBy((path) => writeFileSync(path, 'something else'), 'lock.mdb')).toBe('');
  });

  test('is refused with what is wrong', async () => {
    const last = statSync(join(good, 'data.mdb')).size / 4096 - 1;
    expect(await damagedBy((path) => truncateSync(path, 4096 * last))).toMatch(/it is cut off before page \d+\n/);
    expect(await damagedBy((path) => truncateSync(path, 100))).toBe(says('it is cut off'));
    expect(await damagedBy((path) => writeFileSync(path, 'name: x\n'.repeat(1000)))).toBe(
      says('it does not begin as one'),
    );
    expect(await changed(49, 7)).toBe(says('its pages have 1792 bytes'));
    expect(await changed(4096 + 49, 8)).toBe(says('its pages have two sizes'));
    expect(await changed(4096 + 24, 0)).toBe(says('its second page is another'));
    // Of the newest transaction: how many pages there are.
    const newest = readFileSync(join(good, 'data.mdb'));
    const at = newest.readBigUInt64LE(152) > newest.readBigUInt64LE(4096 + 152) ? 0 : 4096;
    expect(await changed(at + 149, 1)).toMatch(/it is cut off before page 10995/);
    expect(await changed(at + 100, 4)).toBe(says('a table with keys of another kind'));
  });

  test('is refused when it is empty, or another', async () => {
    const isAnother = /another log than the one that was begun there|as in the checkpoint/;
    expect(await damagedBy((path) => writeFileSync(path, ''))).toMatch(isAnother);
    const other = join(folder, `${store.name}-other`);
    mkdirSync(other);
    await store.write(other);
    expect(await damagedBy((path) => cpSync(join(other, 'data.mdb'), path))).toMatch(isAnother);
  });

  test('says of each record that it is whole, or is no longer, whatever happens to the files', async () => {
    const { whole, rejected, refused } = await abuseStore(store, 15, Date.now(), (path) => verdictOf(store, path));
    expect(whole + rejected + refused).toBe(15);
  });
});
