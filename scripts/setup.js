// Makes a checkout ready to run: the packages of package-lock.json and the built kernels. Does nothing when all is there.
// Plain JavaScript without dependencies, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether `version` is at least the one in a range of the form `>=20.19`. */
export function satisfies(version, range) {
  const numbers = (text) =>
    text
      .replace(/^[^\d]*/, '')
      .split('.')
      .map(Number);
  const [found, wanted] = [numbers(version), numbers(range)];
  const differs = wanted.findIndex((number, place) => number !== found[place]);
  return differs === -1 || found[differs] > wanted[differs];
}

/**
 * Packages of the lock file that are not installed in the locked version, as `name@version`.
 * Optional packages (other platforms' binaries) may be absent, and what was installed besides is left alone.
 */
export function missingPackages(root) {
  const packagesOf = (file) => {
    const path = join(root, file);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
  };
  const installed = packagesOf('node_modules/.package-lock.json');
  return Object.entries(packagesOf('package-lock.json'))
    .filter(([folder, { optional }]) => folder !== '' && !optional)
    .filter(
      ([folder, { version }]) =>
        installed[folder]?.version !== version || !existsSync(join(root, folder, 'package.json')),
    )
    .map(([folder, { version }]) => `${folder.replace(/^.*node_modules\//, '')}@${version}`);
}

/** Runs npm without a shell: npm's own script when npm started us, else the command on the path. */
export function npm(argv, options) {
  const script = process.env.npm_execpath;
  if (script?.endsWith('npm-cli.js')) return spawnSync(process.execPath, [script, ...argv], options);
  return spawnSync('npm', argv, { shell: process.platform === 'win32', ...options });
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

function setup(root) {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!satisfies(process.versions.node, engines.node))
    fail(`expected Node ${engines.node}; found ${process.versions.node}\n  hint: install a current Node 20, 22 or 24`);

  const missing = missingPackages(root);
  if (missing.length > 0) {
    const more = missing.length > 3 ? ', …' : '';
    console.error(`setup: installing ${missing.length} packages (${missing.slice(0, 3).join(', ')}${more})`);
    const { status, error } = npm(['ci', '--include=dev', '--include=optional', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 0)
      fail(
        `'npm ci' failed (${error?.message ?? `exit code ${status}`}); its message is above\n` +
          '  hint: the packages come from the npm registry: check the network, the proxy and `npm config get registry`',
      );
    const still = missingPackages(root);
    if (still.length > 0) fail(`'npm ci' ended well, yet these are not installed: ${still.join(', ')}`);
  }

  const kernels = join(root, 'kernels/build.js');
  if (!existsSync(kernels)) return;
  const { status } = spawnSync(process.execPath, [kernels], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) fail(`'node kernels/build.js' failed (exit code ${status}); its message is above`);
}

const thisFile = fileURLToPath(import.meta.url);
if (process.argv[1] && realpathSync(process.argv[1]) === thisFile) setup(join(thisFile, '../..'));
