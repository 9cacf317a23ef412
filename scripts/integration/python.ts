import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Found } from './debian.ts';

const folder = fileURLToPath(new URL('../../.cache/python/', import.meta.url));

/** Where there is no network, that is to be known soon. */
const patienceMs = 120_000;

/**
 * A Python that has this package, in an environment of its own beside the checkout.
 * @param pack name and version: `onnx==1.23.2`
 */
export function pythonWith(pack: string): Found {
  const place = join(folder, pack);
  const path = join(place, 'bin/python');
  if (existsSync(path)) return { path };
  const missing = installed(place, path, pack);
  if (missing === undefined) return { path };
  // What is there only in part would be taken for the whole the next time.
  rmSync(place, { recursive: true, force: true });
  return { missing };
}

/** @returns why the package can't be had */
function installed(place: string, path: string, pack: string): string | undefined {
  const run = (command: string, ...argv: readonly string[]) =>
    spawnSync(command, argv, { encoding: 'utf8', timeout: patienceMs });
  if (run('python3', '--version').error) return 'python3 is not installed';
  const made = run('python3', '-m', 'venv', place);
  if (made.status !== 0) return `python3 can't make an environment: ${lastLine(made.stdout + made.stderr)}`;
  const { status, stderr } = run(path, '-m', 'pip', 'install', '--quiet', '--timeout', '10', '--retries', '1', pack);
  return status === 0 ? undefined : `pip can't install ${pack}: ${lastLine(stderr)}`;
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) || 'nothing came in time';
