import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trunkline-setup-'));
  mkdirSync(join(root, 'scripts'));
  cpSync(fileURLToPath(new URL('../../scripts/setup.js', import.meta.url)), join(root, 'scripts/setup.js'));
  write('package.json', { type: 'module', engines: { node: '>=20.19' } });
  write('package-lock.json', {
    packages: {
      '': { name: 'whole' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/a/node_modules/@s/b': { version: '2.0.0' },
      'node_modules/other-platform': { version: '1.0.0', optional: true },
    },
  });
});
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, content: unknown): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), typeof content === 'string' ? content : JSON.stringify(content));
}

/** As npm leaves it: every package's folder, and the list of them. */
const installed: Record<string, unknown> = {
  'node_modules/.package-lock.json': {
    packages: { 'node_modules/a': { version: '1.0.0' }, 'node_modules/a/node_modules/@s/b': { version: '2.0.0' } },
  },
  'node_modules/a/package.json': {},
  'node_modules/a/node_modules/@s/b/package.json': {},
};

/** Runs set-up with a stand-in for npm: `npmBody` is its script. */
function setup(npmBody: string): { status: number | null; stdout: string; stderr: string } {
  write('npm-cli.js', npmBody);
  const env = { ...process.env, npm_execpath: join(root, 'npm-cli.js') };
  const run = spawnSync(process.execPath, [join(root, 'scripts/setup.js')], { env, encoding: 'utf8' });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

const mustNotRun = 'throw new Error("npm was called")';
const install = `
  import { mkdirSync, writeFileSync } from 'node:fs';
  for (const [file, content] of Object.entries(${JSON.stringify(installed)})) {
    mkdirSync(file.replace(/[^/]*$/, ''), { recursive: true });
    writeFileSync(file, JSON.stringify(content));
  }
  writeFileSync('arguments', process.argv.slice(2).join(' '));
`;

test('is quiet when nothing is missing', () => {
  for (const [file, content] of Object.entries(installed)) write(file, content);
  expect(setup(mustNotRun)).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('installs from the lock file, development packages too, and builds the kernels', () => {
  write('kernels/build.js', "import { writeFileSync } from 'node:fs'; writeFileSync('built', '');");
  expect(setup(install)).toEqual({
    status: 0,
    stdout: '',
    stderr: 'setup: installing 2 packages (a@1.0.0, @s/b@2.0.0)\n',
  });
  expect(readFileSync(join(root, 'arguments'), 'utf8')).toMatch(/^ci --include=dev /);
  expect(existsSync(join(root, 'built'))).toBe(true);
});

test.each<[string, () => void]>([
  [
    'in another version',
    () => write('node_modules/a/../.package-lock.json', { packages: { 'node_modules/a': { version: '0.9.0' } } }),
  ],
  ['listed, but its folder is gone', () => rmSync(join(root, 'node_modules/a'), { recursive: true })],
])('installs again when a package is %s', (_name, change) => {
  for (const [file, content] of Object.entries(installed)) write(file, content);
  change();
  expect(setup(install)).toMatchObject({ status: 0, stderr: expect.stringContaining('setup: installing 2 packages') });
});

test.each([
  [
    'npm fails',
    'process.exit(7)',
    "setup: 'npm ci' failed (exit code 7); its message is above\n" +
      '  hint: the packages come from the npm registry: check the network, the proxy and `npm config get registry`\n',
  ],
  ['npm installs nothing', '', "setup: 'npm ci' ended well, yet these are not installed: a@1.0.0, @s/b@2.0.0\n"],
])('says so when %s', (_name, npmBody, message) => {
  expect(setup(npmBody)).toEqual({
    status: 1,
    stdout: '',
    stderr: `setup: installing 2 packages (a@1.0.0, @s/b@2.0.0)\n${message}`,
  });
});

test('says so when the kernels do not build', () => {
  for (const [file, content] of Object.entries(installed)) write(file, content);
  write('kernels/build.js', 'process.exit(3)');
  expect(setup(mustNotRun)).toEqual({
    status: 1,
    stdout: '',
    stderr: "setup: 'node kernels/build.js' failed (exit code 3); its message is above\n",
  });
});

test.each([
  ['>=99', false],
  ['>=20.999', Number(process.versions.node.split('.')[0]) > 20],
  ['>=20.19', true],
  ['>=18', true],
])('wants a Node that is %s: %s', (range, fine) => {
  for (const [file, content] of Object.entries(installed)) write(file, content);
  write('package.json', { type: 'module', engines: { node: range } });
  const message = `setup: expected Node ${range}; found ${process.versions.node}\n  hint: install a current Node 20, 22 or 24\n`;
  expect(setup(mustNotRun)).toEqual({ status: fine ? 0 : 1, stdout: '', stderr: fine ? '' : message });
});
