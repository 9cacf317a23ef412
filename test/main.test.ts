import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const usage = `Usage: trunkline [options]

Without options: trains six heads on one trunk from generated, partially labelled samples.

Options:
  -h, --help      print this help
  -v, --version   print the version
`;
const unknown = "command line: expected one of '--help', '-h', '--version', '-v'; found";

test.each([
  ['--version', 0, `${version}\n`, ''],
  ['-v', 0, `${version}\n`, ''],
  ['--help', 0, usage, ''],
  ['--verison', 2, '', `${unknown} '--verison'\n  hint: did you mean '--version'?\n`],
  ['train -x', 2, '', `${unknown} 'train'\n${unknown} '-x'\n`],
])('trunkline %s ends with %i', (args, status, stdout, stderr) => {
  const flags = ['--import', './scripts/typescript.js', 'src/main.ts', ...args.split(' ')];
  const run = spawnSync(process.execPath, flags, { cwd: fileURLToPath(root), encoding: 'utf8' });
  expect({ status: run.status, stdout: run.stdout, stderr: run.stderr }).toEqual({ status, stdout, stderr });
});
