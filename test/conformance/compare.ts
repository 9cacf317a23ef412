/** What one run of the suite found. A spec with a name that occurs several times is told apart by ` (2)`, ` (3)`, … */
export interface SuiteResult {
  readonly passed: readonly string[];
  /** First failed expectation of each failed spec. */
  readonly failed: Readonly<Record<string, string>>;
}

/** Specs that are known to fail, or not to run, and why. */
export interface KnownFailure {
  readonly reason: string;
  readonly specs: readonly string[];
  /** Whether they pass on some machines, which is no reason to take them out of the list. */
  readonly mayPass?: boolean;
}

/** The share of what the reference passes that must pass. */
export const requiredShare = 0.997;

export interface Verdict {
  /** Specs that the reference passes, and those of them that passed. */
  readonly reference: number;
  readonly passed: number;
  readonly share: number;
  /** Failed, and not in the list, though the reference passes. */
  readonly unexpected: readonly string[];
  /** In the list as failing everywhere, and passed. */
  readonly repaired: readonly string[];
  /** In the list, and not a spec that the reference passes. */
  readonly unknown: readonly string[];
  /** In the list more than once. */
  readonly repeated: readonly string[];
  /** Passed by the reference, not run here, and not in the list. */
  readonly missing: readonly string[];
  readonly accepted: boolean;
}

/** Compares a run with the reference's and with the list of known failures. */
export function compare(reference: SuiteResult, tested: SuiteResult, known: readonly KnownFailure[]): Verdict {
  const expected = new Set(reference.passed);
  const passed = new Set(tested.passed.filter((name) => expected.has(name)));
  const listed = known.flatMap(({ specs }) => specs);
  const excused = new Set(listed);
  const failing = known.filter(({ mayPass }) => !mayPass).flatMap(({ specs }) => specs);
  const share = expected.size === 0 ? 0 : passed.size / expected.size;
  const problems = {
    unexpected: Object.keys(tested.failed).filter((name) => expected.has(name) && !excused.has(name)),
    repaired: failing.filter((name) => passed.has(name)),
    unknown: [...excused].filter((name) => !expected.has(name)),
    repeated: listed.filter((name, at) => listed.indexOf(name) !== at),
    missing: [...expected].filter((name) => !passed.has(name) && !(name in tested.failed) && !excused.has(name)),
  };
  const accepted = share >= requiredShare && Object.values(problems).every((names) => names.length === 0);
  return { reference: expected.size, passed: passed.size, share, ...problems, accepted };
}

/** The verdict in words, with the message of each failure. */
export function describe(verdict: Verdict, tested: SuiteResult): string {
  const { reference, passed, share, unexpected, repaired, unknown, repeated, missing } = verdict;
  const section = (title: string, names: readonly string[], line = (name: string) => name): string[] =>
    names.length === 0 ? [] : ['', `${title} (${names.length}):`, ...names.map((name) => `  ${line(name)}`)];
  const percent = (part: number): string => `${(100 * part).toFixed(2)} %`;
  return [
    `${passed} of the ${reference} specs that cpu passes: ${percent(share)} (at least ${percent(requiredShare)} required)`,
    ...section('new failures', unexpected, (name) => `${name}\n    ${tested.failed[name]}`),
    ...section('listed in known-failures.json, yet passing: take them out', repaired),
    ...section('listed in known-failures.json, yet not among what cpu passes', unknown),
    ...section('listed in known-failures.json more than once', repeated),
    ...section('passed by cpu, not run, and not listed in known-failures.json', missing),
  ].join('\n');
}
