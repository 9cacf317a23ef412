import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { readDirectory, writeDirectory } from '../../src/train/directory.ts';

let parent = '';
let target = '';

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'trunkline-'));
  target = join(parent, 'runs', 'last');
  const made = parent;
  onTestFinished(() => rm(made, { recursive: true }));
});

const pieces = (...texts: readonly string[]): readonly Uint8Array[] =>
  texts.map((text) => new TextEncoder().encode(text));
const write = (a: string, b: string): Promise<void> => writeDirectory(target, { a: pieces(a), b: pieces(b, '', '!') });

async function read(): Promise<readonly string[]> {
  const { a, b } = await readDirectory(target, ['a', 'b']);
  return [a, b].map((bytes) => new TextDecoder().decode(bytes));
}

test('files are there as they were written, and nothing besides', async () => {
  await write('one', 'two');
  expect(await read()).toEqual(['one', 'two!']);
  await write('', 'other');
  expect(await read()).toEqual(['', 'other!']);
  expect(await readdir(join(parent, 'runs'))).toEqual(['last']);
});

test('between two renamings the old files are read, and the next call clears up', async () => {
  await write('old', 'old');
  await rename(target, `${target}.replaced`);
  expect(await read()).toEqual(['old', 'old!']);
  await write('new', 'new');
  expect(await read()).toEqual(['new', 'new!']);
  expect(await readdir(join(parent, 'runs'))).toEqual(['last']);
});

test('after the second renaming the new files are read', async () => {
  await write('old', 'old');
  await rename(target, `${target}.replaced`);
  await mkdir(target);
  await writeFile(join(target, 'a'), 'new');
  await writeFile(join(target, 'b'), 'new!');
  expect(await read()).toEqual(['new', 'new!']);
});

test('a call that fails leaves the old files, and nothing beside them', async () => {
  await write('old', 'old');
  const failing = { a: pieces('new'), b: [undefined as unknown as Uint8Array] };
  await expect(writeDirectory(target, failing)).rejects.toThrow(TypeError);
  expect(await read()).toEqual(['old', 'old!']);
  expect(await readdir(join(parent, 'runs'))).toEqual(['last']);
});

test('a directory with anything else is left alone', async () => {
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'thesis.txt'), 'years of work');
  await expect(write('a', 'b')).rejects.toThrow(
    `${target}: expected nothing besides a, b, which are replaced; found thesis.txt\n  hint: choose another directory`,
  );
  expect(await readdir(target)).toEqual(['thesis.txt']);
});

test('what is missing is named', async () => {
  await expect(read()).rejects.toThrow(`${target}: expected a directory with a, b; found nothing of that name`);
  await write('a', 'b');
  await rm(join(target, 'b'));
  await expect(read()).rejects.toThrow(`${target}: expected a directory with a, b; found one without b`);
});
