import '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { evaluator } from '../../src/engine/evaluate.ts';
import { openRunner } from '../../src/engine/runner/index.ts';
import type { Runner } from '../../src/engine/runner/runner.ts';
import { cpuFallback } from '../../src/trace/fallback.ts';
import { registerTrunkline } from '../../src/trace/register.ts';
import { runningFile, type SuiteReport } from './report.ts';

interface SpecResult {
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'pending' | 'excluded';
  readonly failedExpectations: readonly { readonly message: string }[];
}

interface JasmineEnvironment {
  configure(configuration: { readonly random: boolean }): void;
  addReporter(reporter: {
    specStarted(spec: Pick<SpecResult, 'fullName'>): void;
    specDone(result: SpecResult): void;
    jasmineDone(): void;
  }): void;
  execute(): void;
}

interface JasmineCore {
  boot(core: JasmineCore): { getEnv(options: { readonly suppressLoadErrors: boolean }): JasmineEnvironment };
}

const [backendName = 'trunkline', reportPath = 'report.json'] = process.argv.slice(2);
const core = createRequire(import.meta.url)('jasmine-core') as JasmineCore;
const environment = core.boot(core).getEnv({ suppressLoadErrors: true });
let sessions = 0;

function counting(runner: Runner): Runner {
  return {
    type: runner.type,
    version: runner.version,
    live: runner.live,
    load: (...model) => {
      sessions++;
      return runner.load(...model);
    },
  };
}

if (backendName === 'trunkline') registerTrunkline(evaluator(counting(openRunner({ threads: 1 }).runner)));
// The same name whatever the backend, so that specs have the same names.
setTestEnvs([{ name: 'conformance', backendName, isDataSync: true }]);
console.warn = () => {};

/** Runs the specs that are defined by now, and writes a report. */
export function runSuite(): void {
  const started = performance.now();
  const passed: string[] = [];
  const failed: Record<string, string> = {};
  const occurrences = new Map<string, number>();
  environment.configure({ random: false });
  environment.addReporter({
    specStarted: ({ fullName }) => writeFileSync(runningFile(reportPath), fullName),
    specDone: ({ fullName, status, failedExpectations }) => {
      const occurrence = (occurrences.get(fullName) ?? 0) + 1;
      occurrences.set(fullName, occurrence);
      const name = occurrence === 1 ? fullName : `${fullName} (${occurrence})`;
      if (status === 'passed') passed.push(name);
      if (status === 'failed') failed[name] = failedExpectations[0]?.message.slice(0, 300) ?? 'no message';
    },
    jasmineDone: () => {
      const report: SuiteReport = {
        passed,
        failed,
        seconds: (performance.now() - started) / 1000,
        fallbackCalls: Object.fromEntries(cpuFallback().calls),
        sessions,
        peakMegabytes: process.resourceUsage().maxRSS / 1024,
      };
      writeFileSync(reportPath, JSON.stringify(report));
      process.exit(0);
    },
  });
  environment.execute();
}
