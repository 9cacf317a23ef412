import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { FolderInUse, lockFolder } from '../../../src/pipeline/run/lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a run folder is one process’s at a time, and free when that has ended', { timeout: 60_000 }, async () => {
  const directory = join(folder, 'run');
  const lock = await lockFolder(directory);
  const refused = `${directory}: expected a run folder that no other process trains in; found one that is in use\n  hint: stop the other process, or choose another folder (checkpoint.directory)`;
  await expect(lockFolder(directory)).rejects.toThrow(new FolderInUse([]).constructor as typeof FolderInUse);
  await expect(lockFolder(`${directory}/../run`)).rejects.toThrow('expected a run folder that no other process');
  await expect(lockFolder(directory)).rejects.toThrow(refused);
  await lock.release();
  const module = pathToFileURL(join(import.meta.dirname, '../../../src/pipeline/run/lock.ts')).href;
  const program = `const { lockFolder } = await import('${module}'); await lockFolder('${directory}'); console.log('taken'); setInterval(() => {}, 1000);`;
  const loader = pathToFileURL(join(import.meta.dirname, '../../../scripts/typescript.js')).href;
  const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '--eval', program]);
  await once(child.stdout, 'data');
  await expect(lockFolder(directory)).rejects.toThrow(refused);
  child.kill('SIGKILL');
  await once(child, 'close');
  await (await lockFolder(directory)).release();
});

test('a run folder that can’t be made is told, with what to do', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const directory of [file, join(file, 'run')])
    await expect(lockFolder(directory)).rejects.toThrow(
      `${directory}: expected a run folder that can be made; found a file in its place, or on the way to it\n  hint: choose another folder (checkpoint.directory)`,
    );
});
