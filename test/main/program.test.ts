import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/core/error.ts';
import { misused } from '../../src/main/misuse.ts';
import { programOf } from '../../src/main/program.ts';
import { ownFolder } from '../pipeline/own.ts';
import { trunkline } from './run.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const commands = programOf(
  () => {},
  () => {},
).commands.map((command) => command.name());

/** What is said of a command line, without running anything. */
async function saidOf(line: string): Promise<string> {
  const words = line.split(' ');
  const program = programOf(
    () => {},
    () => {},
  );
  try {
    await program.parseAsync(words, { from: 'user' });
    return 'nothing is wrong';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    if (error instanceof CommanderError) return misused(error, program, words).message;
    throw error;
  }
}

describe('a command line that can’t be meant', () => {
  const known = commands.map((name) => `'${name}'`).join(', ');

  test.each([
    [
      '--verison',
      "command line: expected one of '--version', '-v', '--help'; found '--verison'\n  hint: did you mean '--version'?",
    ],
    ['trian x.yaml', `command line: expected one of ${known}; found 'trian'\n  hint: did you mean 'train'?`],
    ['check', 'trunkline check: expected check [options] <pipeline>; found no pipeline'],
    ['check a b', 'trunkline check: expected check [options] <pipeline>; found a b'],
    [
      'explain x --formt svg',
      "trunkline explain: expected one of '--format', '--out', '-o', '--rows', '--help'; found '--formt'\n  hint: did you mean '--format'?",
    ],
    [
      'explain x --format png',
      "trunkline explain --format <format>: expected one of 'text', 'mermaid', 'svg'; found 'png'",
    ],
    ['train a.yaml --resume --overwrite', 'trunkline train: expected --resume or --overwrite; found both'],
    ['export a.yaml', "trunkline export --format <format>: expected one of 'onnx', 'tfjs', 'safetensors'; found none"],
    [
      'export a.yaml --format onx',
      "trunkline export --format <format>: expected one of 'onnx', 'tfjs', 'safetensors'; found 'onx'\n  hint: did you mean 'onnx'?",
    ],
    ['explain x --rows many', "command line: expected a whole number, 1 or more; found 'many'"],
    ['check nope.yaml', 'nope.yaml: expected a pipeline; found no file of that name'],
    [
      'check src',
      "src: expected a pipeline: one of '.yaml', '.yml', '.json', '.ts', '.mts', '.js', '.mjs'; found no extension",
    ],
  ])('%s', async (line, said) => {
    expect(await saidOf(line)).toBe(said);
  });
});

test('schema prints what editors check pipelines by', async () => {
  const printed: string[] = [];
  await programOf(
    (text) => printed.push(text),
    () => {},
  ).parseAsync(['schema'], { from: 'user' });
  expect(Object.keys(JSON.parse(printed.join('')).properties)).toContain('sources');
});

test('says its version, and its commands with what codes it ends with', () => {
  expect(trunkline(['-v'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  const help = trunkline(['--help']);
  expect(help).toMatchObject({ status: 0, stderr: '' });
  for (const name of commands) expect(help.stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(help.stdout).toContain('Exit codes:\n  0  all is well\n');
});

test('ends with 2 when what was asked can’t be done, and says it once', () => {
  const said = `command line: expected one of ${commands.map((name) => `'${name}'`).join(', ')}; found 'chekc'\n  hint: did you mean 'check'?\n`;
  expect(trunkline(['chekc'])).toEqual({ status: 2, stdout: '', stderr: said });
});

test('check and explain, as a user runs them', { timeout: 120_000 }, () => {
  const { folder, file } = ownFolder();
  const environment = { FOLDER: folder };
  expect(trunkline(['check', file], environment)).toEqual({
    status: 0,
    stderr: '',
    stdout: [
      "reading all of source 'train', for features that learn from it",
      "source 'train': all 200 samples have 403 labels of 3 heads",
      "source 'test': all 60 samples have 121 labels of 3 heads",
      'model: x [2], kind [3]; 181 parameters, 3 heads',
      'a run that is interrupted goes on bit for bit',
      '',
      `${file} can be trained`,
      '',
    ].join('\n'),
  });
  const explained = trunkline(['explain', file, '--format', 'mermaid'], environment);
  expect(explained).toMatchObject({ status: 0, stderr: '' });
  expect(explained.stdout).toMatch(/^flowchart TD\n {2}subgraph b0\["sources"\]\n/);
});
