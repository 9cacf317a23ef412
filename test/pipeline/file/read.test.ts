import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPipelineFile } from '../../../src/pipeline/file/read.ts';
import { folderOf } from '../own.ts';

const kinds = "one of '.yaml', '.yml', '.json', '.ts', '.mts', '.js', '.mjs'";

test.each<[string, string, string]>([
  ['tox.yml', 'a pipeline; found no file of that name', 'tox.yaml'],
  ['panel.yaml', 'a pipeline; found no file of that name', 'panel.yml'],
  ['tox', `a pipeline: ${kinds}; found no extension`, 'tox.yaml'],
  ['own.v2', `a pipeline: ${kinds}; found '.v2'`, 'own.v2.json'],
  ['tox.csv', `a pipeline: ${kinds}; found '.csv'`, 'tox.yaml'],
  ['pannel.yml', 'a pipeline; found no file of that name', 'panel.yml'],
  ['other.yaml', 'a pipeline; found no file of that name', ''],
])('of %s, which is not there or no pipeline, the one beside it is named', async (name, message, meant) => {
  const folder = folderOf({ 'tox.yaml': '', 'panel.yml': '', 'own.v2.json': '', 'tox.csv': '', 'others.txt': '' });
  const file = join(folder, name);
  const hint = meant === '' ? '' : `\n  hint: did you mean '${join(folder, meant)}'?`;
  await expect(readPipelineFile(file, {})).rejects.toThrow(
    expect.objectContaining({ message: `${file}: expected ${message}${hint}` }),
  );
});

test.each(['', '# to be written\n'])('an empty file is told what to do about', async (text) => {
  const file = join(folderOf({ 'empty.yaml': text }), 'empty.yaml');
  await expect(readPipelineFile(file, {})).rejects.toThrow(
    `${file}:1:1: expected a pipeline; found nothing\n  hint: trunkline init <data> writes one to begin with`,
  );
});
