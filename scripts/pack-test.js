// Packs the built package, installs it in an empty folder as a user would, and tries its command, its import and its types.
// Needs `npm run build` before it and the npm registry (or npm's cache) beside it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from './setup.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'trunkline-pack-'));

/** The output of a command that must succeed. */
function run(name, { status, stdout, stderr, error }) {
  if (status === 0) return stdout.trim();
  throw new Error(`${name} failed (${error?.message ?? `exit code ${status}`})\n${stdout ?? ''}${stderr ?? ''}`);
}

function expectEqual(name, found, expected) {
  if (found !== expected) throw new Error(`${name}: expected '${expected}'; found '${found}'`);
  console.log(`pack: ${name}: ${found}`);
}

function packTest() {
  const options = { cwd: root, encoding: 'utf8' };
  const [packed] = JSON.parse(run('npm pack', npm(['pack', '--json', '--pack-destination', folder], options)));
  const paths = packed.files.map(({ path }) => path);
  const wanted = [
    'LICENSE',
    'README.md',
    'THIRD-PARTY-NOTICES',
    'dist/main.js',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/engine/worker.js',
    'dist/engine/kernel/crew-member.js',
    'dist/daemon/entry.js',
    'package.json',
    'kernels/build/simd.wasm',
    'kernels/build/relaxed.wasm',
  ];
  const missing = wanted.filter((path) => !paths.includes(path));
  expectEqual('files left out of the tarball', missing.join(', ') || 'none', 'none');
  console.log(`pack: ${paths.length} files, ${Math.round(packed.unpackedSize / 1024)} KiB unpacked`);

  const consumer = { cwd: folder, encoding: 'utf8' };
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  run('npm install', npm([...install, join(folder, packed.filename)], consumer));
  expectEqual('npx trunkline --version', run('npx', npm(['exec', '--', 'trunkline', '--version'], consumer)), version);

  const quickstart = ['trunkline', 'train', 'node_modules/trunkline/pipelines/quickstart.yaml'];
  const trained = run(`npx ${quickstart.join(' ')}`, npm(['exec', '--', ...quickstart], consumer));
  expectEqual('npx trunkline trains', /^head01 .*^all \(mean\) /ms.test(trained), true);

  const supervised = ['trunkline', 'run', quickstart[2]];
  const told = run(`npx ${supervised.join(' ')}`, npm(['exec', '--', ...supervised], consumer));
  expectEqual('npx trunkline runs it in a process of its own', told.includes('quickstart: goes on from step'), true);

  const program = "export default { name: 'x' } as object;\n";
  writeFileSync(join(folder, 'pipeline.ts'), program);
  const refused = npm(['exec', '--', 'trunkline', 'check', 'pipeline.ts'], consumer);
  expectEqual('a TypeScript pipeline without what reads it ends with', refused.status, 2);
  expectEqual('and says', refused.stderr.includes('npm install --save-dev ts-node typescript@6 @swc/core'), true);
  const { 'ts-node': node, typescript, '@swc/core': swc } = devDependencies;
  run(
    'npm install',
    npm([...install, '--save-dev', `ts-node@${node}`, `typescript@${typescript}`, `@swc/core@${swc}`], consumer),
  );
  const checked = npm(['exec', '--', 'trunkline', 'check', 'pipeline.ts'], consumer);
  expectEqual('with it', checked.stderr.split('\n')[0], 'pipeline.ts  sources: expected an object; found nothing');

  const script = "import { ShapeError } from 'trunkline'; console.log(new ShapeError([]).name);";
  const imported = spawnSync(process.execPath, ['--input-type=module', '--eval', script], consumer);
  expectEqual("import from 'trunkline'", run('import', imported), 'ShapeError');

  // A thread that updates parameters: without it, the others would do its work, and nothing would tell.
  const member = `
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    const states = new Int32Array(new SharedArrayBuffer(4));
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536, shared: true });
    const workerData = { memory, states, member: 0 };
    const thread = new Worker('./node_modules/trunkline/dist/engine/kernel/crew-member.js', { workerData, execArgv: [] });
    await Promise.race([Atomics.waitAsync(states, 0, 0, 30_000).value, once(thread, 'exit')]);
    console.log(states[0] === 1 ? 'waits for work' : 'did not start');
    await thread.terminate();
  `;
  const started = spawnSync(process.execPath, ['--input-type=module', '--eval', member], consumer);
  expectEqual('a thread for updates', run('thread', started), 'waits for work');

  writeFileSync(
    join(folder, 'user.ts'),
    "import { ShapeError } from 'trunkline';\nnew ShapeError([]).name satisfies 'x';\n",
  );
  const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck'];
  tsc.push('--module', 'nodenext');
  const { stdout } = spawnSync(process.execPath, [...tsc, 'user.ts'], consumer);
  // The one wrong line must be the only error: so the types were found, and say what they should.
  expectEqual('type errors', stdout.replace(/\(.*/s, ''), 'user.ts');
  if (!stdout.includes(`Type '"ShapeError"'`))
    throw new Error(`the package's types are not what they should be\n${stdout}`);
}

try {
  packTest();
} catch (error) {
  console.error(`pack: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
