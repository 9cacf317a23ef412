// Runs the test suite that tfjs-core ships on the backends `cpu` and `trunkline`, and compares.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lowerings } from '../../src/trace/kernel/index.ts';
import { bundleSuite } from './bundle.ts';
import { compare, describe, type KnownFailure } from './compare.ts';
import { runningFile, type SuiteReport } from './report.ts';

const limitMs = 180_000;
const folder = fileURLToPath(new URL('../../.cache/conformance', import.meta.url));
const knownFailures = new URL('./known-failures.json', import.meta.url);

async function runOn(backend: string, bundle: string): Promise<SuiteReport> {
  const report = join(folder, `${backend}.json`);
  for (const file of [report, runningFile(report)]) rmSync(file, { force: true });
  try {
    await promisify(execFile)(process.execPath, [bundle, backend, report], { timeout: limitMs, maxBuffer: 64 << 20 });
    return JSON.parse(readFileSync(report, 'utf8')) as SuiteReport;
  } catch (error) {
    const { code, signal, stderr = '' } = error as { code?: unknown; signal?: unknown; stderr?: string };
    const running = existsSync(runningFile(report)) ? readFileSync(runningFile(report), 'utf8') : 'none';
    throw new Error(
      `the suite on ${backend} ended with ${signal ?? code}, in spec '${running}'\n${stderr.slice(-2000)}`,
    );
  }
}

/** Calls the cpu backend answered, of kernels that have a lowering and of those that have none. */
function formatCalls(calls: Readonly<Record<string, number>>, haveLowering: boolean): string {
  const entries = Object.entries(calls).filter(([kernel]) => kernel in lowerings === haveLowering);
  const ordered = entries.sort(([, a], [, b]) => b - a);
  return ordered.length === 0 ? 'none' : ordered.map(([kernel, count]) => `${kernel} ${count}`).join(', ');
}

const started = performance.now();
mkdirSync(folder, { recursive: true });
const bundle = join(folder, 'suite.mjs');
await bundleSuite(bundle);
const [cpu, trunkline] = await Promise.all([runOn('cpu', bundle), runOn('trunkline', bundle)]);
const known = JSON.parse(readFileSync(knownFailures, 'utf8')) as readonly KnownFailure[];
const verdict = compare(cpu, trunkline, known);

for (const { reason, specs } of known) console.log(`known: ${specs.length} × ${reason}`);
console.log(`answered by the cpu backend, having no lowering: ${formatCalls(trunkline.fallbackCalls, false)}`);
console.log(
  `answered by the cpu backend for a lowering that does not take strings, complex numbers, empty tensors, or the attributes: ${formatCalls(trunkline.fallbackCalls, true)}`,
);
console.log(
  `${trunkline.sessions} sessions compiled, at most ${trunkline.peakMegabytes.toFixed(0)} MB; ` +
    `cpu took ${cpu.seconds.toFixed(1)} s, trunkline ${trunkline.seconds.toFixed(1)} s, ` +
    `all ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
console.log(describe(verdict, trunkline));
if (!verdict.accepted) process.exitCode = 1;
