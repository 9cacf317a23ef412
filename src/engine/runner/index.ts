import { ConfigError, EngineError, formatIssue, type Issue } from '../../core/error.ts';
import { formatValue, oneOf } from '../../core/format.ts';
import { didYouMean } from '../../core/suggest.ts';
import { openBinding } from './binding.ts';
import { type KoffiOptions, openKoffi } from './koffi.ts';
import { type Runner, type RunnerType, runnerTypes } from './runner.ts';

export interface OpenOptions extends KoffiOptions {
  /** The only one to try; the environment variable `TRUNKLINE_RUNNER` says the same. Without either, koffi is tried, then the binding. */
  readonly only?: RunnerType;
}

export interface OpenedRunner {
  readonly runner: Runner;
  /** Why this runner, for the log. */
  readonly reason: string;
}

/**
 * The best way to run ONNX models that works here.
 * @throws EngineError with what kept each of them from working, when none does; ConfigError on a wrong option
 */
export function openRunner(options: OpenOptions): OpenedRunner {
  const { threads } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new ConfigError({ where: 'threads', expected: 'a whole number, at least 1', found: formatValue(threads) });
  const only = options.only ?? runnerFromEnvironment();
  const whose = threads === 1 ? 'no threads besides the caller' : `${threads} threads for each session`;
  const describe = ({ version }: Runner): string => `ONNX Runtime ${version}, ${whose}`;
  if (only !== undefined) {
    const runner = only === 'koffi' ? openKoffi(options) : openBinding(options);
    return { runner, reason: `${describe(runner)}; '${only}' was asked for` };
  }
  try {
    const runner = openKoffi(options);
    return { runner, reason: `${describe(runner)}; called without copies` };
  } catch (error) {
    const issues = issuesOf('koffi', error);
    const runner = openAfter(issues, options);
    return {
      runner,
      reason: `${describe(runner)}; koffi can't be used: ${issues.map(formatIssue).join('; ').replaceAll('\n', ';')}`,
    };
  }
}

function openAfter(earlier: readonly Issue[], options: OpenOptions): Runner {
  try {
    return openBinding(options);
  } catch (cause) {
    throw new EngineError([...earlier, ...issuesOf('binding', cause)], { cause });
  }
}

/** Whatever keeps one way from working must not keep us from the other. */
function issuesOf(where: RunnerType, error: unknown): readonly Issue[] {
  if (error instanceof EngineError) return error.issues;
  return [
    { where, expected: 'a way to call ONNX Runtime', found: error instanceof Error ? error.message : String(error) },
  ];
}

function runnerFromEnvironment(): RunnerType | undefined {
  const value = process.env.TRUNKLINE_RUNNER;
  if (value === undefined || value === '') return undefined;
  const type = runnerTypes.find((candidate) => candidate === value);
  if (type === undefined)
    throw new ConfigError({
      where: 'environment variable TRUNKLINE_RUNNER',
      expected: oneOf(runnerTypes),
      found: formatValue(value),
      ...didYouMean(value, runnerTypes),
    });
  return type;
}
