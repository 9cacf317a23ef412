import { describe, expect, test } from 'vitest';
import { formatIssue } from '../../src/core/error.ts';
import { matchNames, unmatched, unmatchedIn } from '../../src/core/pattern.ts';

const names = ['id', 'NR-AR', 'NR-ER', 'SR-p53', 'y1', 'y2', 'y10', 'a*b', 'x.1'];

describe('a pattern of names', () => {
  test.each([
    ['NR-*|SR-*', ['NR-AR', 'NR-ER', 'SR-p53']],
    ['SR-* | NR-*', ['NR-AR', 'NR-ER', 'SR-p53']],
    ['y?', ['y1', 'y2']],
    ['y*|!y10', ['y1', 'y2']],
    ['!*-*|!y*|!x*', ['id', 'a*b']],
    ['a*b', ['a*b']],
    ['x.1', ['x.1']],
    ['x.?', ['x.1']],
    ['x1', []],
    ['R', []],
    ['*', names],
  ])('%s', (pattern, expected) => {
    expect(matchNames(pattern, names)).toEqual(expected);
  });

  const few = ['id', 'y1', 'NR-AR'];
  test.each([
    ['NR-*|XX-*', []],
    ['y*|!z', []],
    ['y1|id', []],
    ['y1|NR-AA', ["at: expected a name 'NR-AA'; found 'id', 'y1', 'NR-AR'\n  hint: did you mean 'NR-AR'?"]],
    [
      'zz | id|w',
      ["at: expected a name 'zz'; found 'id', 'y1', 'NR-AR'", "at: expected a name 'w'; found 'id', 'y1', 'NR-AR'"],
    ],
    ['X*|Z*', ["at: expected a name 'X*|Z*'; found 'id', 'y1', 'NR-AR'"]],
  ])('%s: a name that is written out has to be there', (pattern, expected) => {
    expect(unmatchedIn('at', pattern, 'name', few).map(formatIssue)).toEqual(expected);
  });

  test('says what there is when it means none', () => {
    expect(formatIssue(unmatched('labels', 'NR-AA', 'column', names.slice(0, 3)))).toBe(
      "labels: expected a column 'NR-AA'; found 'id', 'NR-AR', 'NR-ER'\n  hint: did you mean 'NR-AR'?",
    );
    expect(
      unmatched(
        'labels',
        'z',
        'column',
        Array.from({ length: 20 }, (_, at) => `c${at}`),
      ).found,
    ).toBe("'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11', … (20 in all)");
  });
});
