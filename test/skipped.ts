import { mkdirSync, writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node';

/**
 * Prints every skipped test with its reason, as given to `context.skip('reason')`, after the run.
 * A test skipped without a reason fails the run, unless tests were picked by name (`-t`), which skips the others.
 * In CI it leaves the counts, and what failed, in `.cache/test-summary.json`, for `.ci/run`.
 */
export class SkippedReporter implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    if (process.env.CI) {
      mkdirSync('.cache', { recursive: true });
      const failures = [
        ...tests.filter((test) => test.result().state === 'failed').map(describeFailure),
        ...modules.flatMap((module) => module.errors().map((error) => `${module.relativeModuleId}\n${error.message}`)),
        ...unhandled.map((error) => `outside of any test\n${error.stack ?? error.message}`),
      ];
      const summary = { passed: count('passed'), failed: count('failed'), skipped: count('skipped'), failures };
      writeFileSync('.cache/test-summary.json', `${JSON.stringify(summary)}\n`);
    }

    if (this.vitest?.config.testNamePattern !== undefined) return;
    const skipped = tests.filter((test) => test.result().state === 'skipped').map(describeSkip);
    if (skipped.length === 0) return;
    console.log(`Skipped tests, and why:\n${skipped.map(({ line }) => `  ${line}`).join('\n')}\n`);
    if (skipped.some(({ reason }) => reason === undefined)) {
      console.error("A test was skipped without a reason: write context.skip(condition, 'reason').");
      process.exitCode = 1;
    }
  }
}

function describeFailure(test: TestCase): string {
  const messages = (test.result().errors ?? []).map(({ message }) => message);
  return `${test.module.relativeModuleId} > ${test.fullName}\n${messages.join('\n')}`;
}

function describeSkip(test: TestCase): { line: string; reason: string | undefined } {
  const result = test.result();
  const reason = result.state === 'skipped' ? result.note : undefined;
  return { line: `${test.module.relativeModuleId} > ${test.fullName}: ${reason ?? 'no reason stated'}`, reason };
}
