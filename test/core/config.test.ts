import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkConfig, parseConfig, placeOf } from '../../src/core/config.ts';
import { ConfigError, formatIssue } from '../../src/core/error.ts';

function issuesOf(schema: z.ZodType, input: unknown): readonly string[] {
  const checked = checkConfig(schema, input, 'here');
  return checked.ok ? [] : checked.issues.map(formatIssue);
}

describe('checkConfig', () => {
  const numberOrName = z.union([z.int(), z.enum(['auto', 'none'])]);
  const shape = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('circle'), radius: z.number() }),
    z.strictObject({ type: z.literal('square'), side: z.number() }),
  ]);

  test.each<[string, z.ZodType, unknown, string[]]>([
    ['a number', z.number(), 'ten', ["here: expected a number; found 'ten'"]],
    ['NaN', z.number(), Number.NaN, ['here: expected a number; found NaN']],
    ['a whole number', z.int(), 1.5, ['here: expected a whole number; found 1.5']],
    ['an exclusive bound', z.number().gt(0).lt(1), 0, ['here: expected a number, more than 0; found 0']],
    ['an upper bound', z.number().max(1), 2, ['here: expected a number, at most 1; found 2']],
    ['a step', z.int().multipleOf(8), 12, ['here: expected a multiple of 8; found 12']],
    ['a boolean', z.boolean(), 'yes', ["here: expected true or false; found 'yes'"]],
    ['a list too short', z.array(z.int()).min(1), [], ['here: expected a list of at least 1; found a list of 0']],
    ['a text too short', z.string().min(1), '', ["here: expected text of at least 1 characters; found ''"]],
    ['a pattern', z.string().regex(/^\d+ms$/), '3s', ["here: expected text like /^\\d+ms$/; found '3s'"]],
    ['a format', z.url(), 'x', ["here: expected text in the form of url; found 'x'"]],
    ['one literal', z.literal('sum'), 'sun', ["here: expected 'sum'; found 'sun'\n  hint: did you mean 'sum'?"]],
    [
      'a place in a list',
      z.array(z.strictObject({ n: z.int() })),
      [{ n: 1 }, { n: null }],
      ['here[1].n: expected a whole number; found null'],
    ],
    [
      'a place in a tuple',
      z.tuple([z.int(), z.strictObject({ size: z.int() })]),
      [1, { sise: 1, size: 2 }],
      ["here[1].sise: expected an option out of 'size'; found 'sise'\n  hint: did you mean 'size'?"],
    ],
    ['no options at all', z.strictObject({}), { x: 1 }, ["here.x: expected no options here; found 'x'"]],
    [
      'a misspelt option behind defaults, lists, records, pipes and lazy schemas',
      z.record(z.string(), z.array(z.lazy(() => z.strictObject({ rate: z.number() }).transform(String))).default([])),
      { a: [{ rat: 1, rate: 1 }] },
      ["here.a[0].rat: expected an option out of 'rate'; found 'rat'\n  hint: did you mean 'rate'?"],
    ],
    [
      'a misspelt option of the chosen alternative',
      z.array(shape),
      [{ type: 'circle', radius: 1, side: 1 }],
      ["here[0].side: expected an option out of 'type', 'radius'; found 'side'"],
    ],
    [
      'an unknown name in a record',
      z.record(z.string().regex(/^\w+$/), z.int()),
      { 'a b': 1 },
      ["here['a b']: expected a name that is text like /^\\w+$/; found 'a b'"],
    ],
    [
      'alternatives',
      numberOrName,
      'atuo',
      ["here: expected a whole number, or one of 'auto', 'none'; found 'atuo'\n  hint: did you mean 'auto'?"],
    ],
    [
      'the alternative that was entered',
      z.union([numberOrName, z.strictObject({ steps: z.int() })]),
      { steps: 'x' },
      ["here.steps: expected a whole number; found 'x'"],
    ],
    [
      'a value of no listed type',
      z.object({ a: z.function() }),
      { a: {} },
      ['here.a: expected function; found an empty object'],
    ],
  ])('explains %s', (_name, schema, input, issues) => {
    expect(issuesOf(schema, input)).toEqual(issues);
  });

  test('reports all issues at once, and fills in defaults when there are none', () => {
    const schema = z.strictObject({ a: z.int(), b: z.int().default(2), c: z.string() });
    expect(issuesOf(schema, { b: 'x', d: 1 })).toHaveLength(4);
    expect(checkConfig(schema, { a: 1, c: '' }, 'here')).toEqual({ ok: true, config: { a: 1, b: 2, c: '' } });
  });
});

test('parseConfig throws every issue as one ConfigError', () => {
  const schema = z.strictObject({ a: z.int(), b: z.int() });
  expect(parseConfig(schema, { a: 1, b: 2 }, 'here')).toEqual({ a: 1, b: 2 });
  expect(() => parseConfig(schema, {}, 'here')).toThrow(
    new ConfigError([
      { where: 'here.a', expected: 'a whole number', found: 'nothing' },
      { where: 'here.b', expected: 'a whole number', found: 'nothing' },
    ]),
  );
});

test('placeOf writes a path under a name, or asks the function', () => {
  expect(placeOf(['heads', 0, 'loss'], '')).toBe('heads[0].loss');
  expect(placeOf(['columns', 'NR-*'], 'model')).toBe("model.columns['NR-*']");
  expect(placeOf(['heads', 0], (path) => `file.yaml:3:1  ${path.join('/')}`)).toBe('file.yaml:3:1  heads/0');
});
