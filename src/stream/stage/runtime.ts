import { isObservable, type Observable, Subscription } from 'rxjs';
import { ConfigError, type Issue } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import { knownBranches } from '../../model/index.ts';
import type { StepRunner } from '../../step/runner.ts';
import type { Description } from './describer.ts';

/** What may change for all of the model while training. */
export interface RuntimeStreams {
  /** Factor of all learning rates; 1 until it says something else. */
  readonly learningRate$?: Observable<number>;
  /** Branches whose parameters and moving statistics stay as they are, in place of those it named before. */
  readonly frozen$?: Observable<readonly string[]>;
}

type Follow = <T>(where: string, values$: Observable<T> | undefined, set: (value: T) => void) => void;

/**
 * Lets runtime inputs follow their streams: each value holds from the next step that is begun. A stream that ends leaves
 * its last one.
 * @param fail told of the first error: of a stream, or because of a value that can't be
 */
export function followRuntime(
  runner: StepRunner,
  { endings, merging, spec }: Description,
  { learningRate$, frozen$ }: RuntimeStreams,
  fail: (error: unknown) => void,
): Subscription {
  const all = new Subscription();
  const follow: Follow = (where, values$, set) => {
    if (values$ === undefined) return;
    const next = (value: Parameters<typeof set>[0]): void => {
      try {
        set(value);
      } catch (error) {
        fail(error);
      }
    };
    const error = (cause: unknown): void => fail(streamFailed(where, cause));
    all.add(values$.subscribe({ next, error }));
  };
  for (const [head, ending] of endings) {
    const settings = runner.head(head);
    const factor = merging.factors.get(head) ?? 1;
    follow(placeOf(head, 'weight$'), ending.weight$, (weight) => {
      settings.weight = weight * factor;
    });
    follow(placeOf(head, 'learningRate$'), ending.learningRate$, (rate) => {
      settings.learningRate = rate;
    });
    follow(placeOf(head, 'frozen$'), ending.frozen$, (frozen) => {
      if (typeof frozen !== 'boolean') refuse(placeOf(head, 'frozen$'), 'true or false', frozen);
      settings.frozen = frozen;
    });
  }
  follow('learningRate$', learningRate$, (rate) => {
    runner.learningRate = rate;
  });
  follow('frozen$', frozen$, (branches) => {
    if (!Array.isArray(branches)) refuse('frozen$', 'a list of branches', branches);
    const known = knownBranches(spec, branches);
    runner.frozen.clear();
    for (const branch of known) runner.frozen.add(branch);
  });
  return all;
}

const placeOf = (head: string, option: string): string => `head "${head}", ${option}`;

function refuse(where: string, expected: string, found: unknown): never {
  throw new ConfigError({ where, expected, found: formatValue(found) });
}

function streamFailed(where: string, cause: unknown): ConfigError {
  const found = `an error: ${cause instanceof Error ? cause.message : formatValue(cause)}`;
  return new ConfigError({ where, expected: 'values, or the end', found }, { cause });
}

/** What is wrong with options that are to be streams. */
export function issuesOfStreams(options: object, names: readonly string[], where: string): readonly Issue[] {
  const given = options as Readonly<Record<string, unknown>>;
  return names
    .filter((name) => given[name] !== undefined && !isObservable(given[name]))
    .map((name) => ({ where: `${where}.${name}`, expected: 'an observable', found: formatValue(given[name]) }));
}
