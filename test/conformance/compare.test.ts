import { expect, test } from 'vitest';
import { compare, describe, type KnownFailure, type SuiteResult, type Verdict } from './compare.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `spec ${at}`);
const all = names(1000);
const reference: SuiteResult = { passed: all, failed: {} };

/** A run in which the given specs failed and others did not run. */
function run(failed: readonly string[], missing: readonly string[] = []): SuiteResult {
  return {
    passed: all.filter((name) => !failed.includes(name) && !missing.includes(name)),
    failed: Object.fromEntries(failed.map((name) => [name, `message of ${name}`])),
  };
}

const known = (...specs: string[]): readonly KnownFailure[] => [{ reason: 'known', specs }];

interface Case {
  readonly title: string;
  readonly tested: SuiteResult;
  readonly known: readonly KnownFailure[];
  readonly found: Partial<Verdict>;
}

const cases: readonly Case[] = [
  { title: 'everything passes', tested: run([]), known: [], found: { share: 1, accepted: true } },
  {
    title: 'only listed specs fail',
    tested: run(['spec 3', 'spec 4']),
    known: [...known('spec 3'), ...known('spec 4')],
    found: { passed: 998, accepted: true },
  },
  {
    title: 'a spec fails that is not listed',
    tested: run(['spec 3', 'spec 4']),
    known: known('spec 3'),
    found: { unexpected: ['spec 4'], accepted: false },
  },
  {
    title: 'a listed spec passes',
    tested: run([]),
    known: known('spec 3'),
    found: { repaired: ['spec 3'], accepted: false },
  },
  {
    title: 'a listed spec passes that fails on some machines only',
    tested: run([]),
    known: [{ reason: 'known', specs: ['spec 3'], mayPass: true }],
    found: { repaired: [], accepted: true },
  },
  {
    title: 'a listed spec does not exist',
    tested: run([]),
    known: known('spec 3 of another release'),
    found: { unknown: ['spec 3 of another release'], accepted: false },
  },
  {
    title: 'a spec is listed twice',
    tested: run(['spec 3']),
    known: [...known('spec 3'), ...known('spec 3')],
    found: { repeated: ['spec 3'], accepted: false },
  },
  {
    title: 'a spec does not run',
    tested: run([], ['spec 3']),
    known: [],
    found: { missing: ['spec 3'], accepted: false },
  },
  {
    title: 'a listed spec does not run',
    tested: run([], ['spec 3']),
    known: known('spec 3'),
    found: { passed: 999, missing: [], accepted: true },
  },
  {
    title: 'more specs fail than may, all of them listed',
    tested: run(names(4)),
    known: known(...names(4)),
    found: { share: 0.996, unexpected: [], accepted: false },
  },
  {
    title: 'the reference passes nothing',
    tested: run([]),
    known: [],
    found: { share: 0, accepted: false },
  },
];

test.each(cases)('$title', ({ title, tested, known: listed, found }) => {
  const against = title === 'the reference passes nothing' ? { passed: [], failed: {} } : reference;
  expect(compare(against, tested, listed)).toMatchObject(found);
});

test('failures of the reference itself do not count', () => {
  const weaker: SuiteResult = { passed: all.slice(1), failed: { 'spec 0': 'fails on cpu as well' } };
  expect(compare(weaker, run(['spec 0']), [])).toMatchObject({ reference: 999, share: 1, accepted: true });
});

test('the verdict in words names each new failure with its message', () => {
  const tested = run(['spec 3']);
  expect(describe(compare(reference, tested, known('spec 5')), tested)).toBe(
    [
      '999 of the 1000 specs that cpu passes: 99.90 % (at least 99.70 % required)',
      '',
      'new failures (1):',
      '  spec 3',
      '    message of spec 3',
      '',
      'listed in known-failures.json, yet passing: take them out (1):',
      '  spec 5',
    ].join('\n'),
  );
});
