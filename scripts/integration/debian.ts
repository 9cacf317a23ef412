import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../.cache/debian/', import.meta.url));

/** Where there is no network, that is to be known soon. */
const patienceMs = 60_000;
const withoutWaiting = [
  '-o',
  'Acquire::Retries=0',
  '-o',
  'Acquire::http::Timeout=10',
  '-o',
  'Acquire::https::Timeout=10',
];

/** Where a program is that a package of Debian brings, or why it can't be had. */
export type Found = { readonly path: string } | { readonly missing: string };

/**
 * A program of Debian's: the one that is installed, or one that is unpacked beside the checkout, where nothing is set up
 * and no service begins.
 */
export function programOf(name: string, pack: string): Found {
  const installed = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  const unpacked = join(cache, pack, 'usr/bin', name);
  const there = [...installed, unpacked].find((path) => existsSync(path));
  if (there) return { path: there };
  const missing = unpack(pack);
  return missing === undefined ? { path: unpacked } : { missing: `${name} is not installed, and ${missing}` };
}

/** @returns why the package can't be had */
function unpack(pack: string): string | undefined {
  const folder = join(cache, pack);
  mkdirSync(folder, { recursive: true });
  const run = (command: string, ...argv: readonly string[]) =>
    spawnSync(command, argv, { cwd: folder, encoding: 'utf8', timeout: patienceMs });
  const get = (...argv: readonly string[]) => run('apt-get', ...withoutWaiting, ...argv);
  if (run('apt-get', '--version').error) return 'this is no Debian to take it from';
  if (get('download', pack).status !== 0) {
    get('update');
    const { status, stderr } = get('download', pack);
    if (status !== 0)
      return `apt-get can't download ${pack}: ${stderr.trim().split('\n').at(-1) || `nothing came within ${patienceMs / 1000} s`}`;
  }
  const file = readdirSync(folder).find((entry) => entry.endsWith('.deb'));
  if (!file) return `apt-get downloaded no ${pack}`;
  const { status, stderr } = run('dpkg-deb', '-x', file, '.');
  return status === 0 ? undefined : `dpkg-deb can't unpack it: ${stderr.trim()}`;
}
