import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { checkConfig } from '../../src/core/config.ts';
import { formatIssue } from '../../src/core/error.ts';
import { family, plugin } from '../../src/core/plugin.ts';
import { type ShortConfigOf, shortFormSchema } from '../../src/core/short-form.ts';

const multiHot = plugin({
  type: 'multiHot',
  summary: 'Ones at places.',
  main: 'size',
  fields: z.object({ size: z.int().positive().describe('How many.'), columns: z.string().optional() }),
  example: { size: 3 },
  build: ({ size }) => size,
});
const standardize = plugin({
  type: 'standardize',
  summary: 'Mean 0.',
  fields: z.object({ missing: z.number().optional().describe('Instead.') }),
  example: {},
  build: () => 0,
});
const family_ = family('feature', [multiHot, standardize]);
const schema = z.strictObject({ features: z.record(z.string(), shortFormSchema(family_)) });

const parse = (config: unknown) => checkConfig(schema, { features: { fp: config } }, 'train');
const complaint = (config: unknown): string => {
  const checked = parse(config);
  if (checked.ok) throw new Error('it was accepted');
  return checked.issues.map(formatIssue).join('\n');
};

describe('short forms', () => {
  test.each([
    [
      { type: 'multiHot', size: 5 },
      { type: 'multiHot', size: 5 },
    ],
    [{ multiHot: 5 }, { type: 'multiHot', size: 5 }],
    [{ multiHot: { size: 5, columns: 'a' } }, { type: 'multiHot', size: 5, columns: 'a' }],
    ['standardize', { type: 'standardize' }],
    [{ standardize: null }, { type: 'standardize' }],
    [{ standardize: true }, { type: 'standardize' }],
    [{ standardize: {} }, { type: 'standardize' }],
  ])('%j', (short, long) => {
    expect(parse(short)).toEqual({ ok: true, config: { features: { fp: long } } });
  });

  test.each([
    [
      { multihot: 5 },
      "features.fp.multihot: expected one of 'multiHot', 'standardize'; found 'multihot'\n  hint: did you mean 'multiHot'?",
    ],
    [{ multiHot: 'five' }, "features.fp.multiHot: expected a whole number; found 'five'"],
    [{ multiHot: { size: 0.5 } }, 'features.fp.multiHot.size: expected a whole number; found 0.5'],
    [{ multiHot: {} }, 'features.fp.multiHot.size: expected a whole number; found nothing'],
    [
      { multiHot: { sise: 5, size: 4 } },
      "features.fp.multiHot.sise: expected an option out of 'size', 'columns', 'type'; found 'sise'\n  hint: did you mean 'size'?",
    ],
    [
      { multiHot: { type: 'multiHot', size: 4 } },
      "features.fp.multiHot.type: expected options of 'multiHot'; found a type once more\n  hint: options are 'size', 'columns'",
    ],
    [
      { standardize: 3 },
      "features.fp.standardize: expected options of 'standardize'; found 3\n  hint: options are 'missing'",
    ],
    [
      { type: 'multiHat', size: 5 },
      "features.fp.type: expected one of 'multiHot', 'standardize'; found 'multiHat'\n  hint: did you mean 'multiHot'?",
    ],
    [
      'standardise',
      "features.fp: expected one of 'multiHot', 'standardize'; found 'standardise'\n  hint: did you mean 'standardize'?",
    ],
    [7, "features.fp: expected a feature, as { multiHot: … }; found 7\n  hint: it is one of 'multiHot', 'standardize'"],
    [
      { multiHot: 3, standardize: true },
      "features.fp: expected a feature, as { multiHot: … }; found an object with multiHot, standardize\n  hint: it is one of 'multiHot', 'standardize'",
    ],
    [
      { multiHot: 3, columns: 'a' },
      "features.fp: expected a feature, as { multiHot: … }; found an object with multiHot, columns\n  hint: options of 'multiHot' stand inside of it: { multiHot: { size: …, columns: … } }",
    ],
    [
      { standardize: true, missing: 0 },
      "features.fp: expected a feature, as { multiHot: … }; found an object with standardize, missing\n  hint: options of 'standardize' stand inside of it: { standardize: { missing: … } }",
    ],
  ])('%j is refused', (config, message) => {
    expect(complaint(config)).toBe(`train.${message}`);
  });

  test('all faults come at once', () => {
    const checked = checkConfig(schema, { features: { a: { multiHot: -1 }, b: 'x' }, lables: 1 }, '');
    expect(!checked.ok && checked.issues.map(({ where }) => where)).toEqual([
      'features.a.multiHot',
      'features.b',
      'lables',
    ]);
  });

  test('have a JSON Schema', () => {
    const json = z.toJSONSchema(schema, { io: 'input' }) as unknown as {
      properties: { features: { additionalProperties: { anyOf: { properties?: object }[] } } };
    };
    const forms = json.properties.features.additionalProperties.anyOf;
    expect(forms).toHaveLength(4);
    expect(forms[2]).toEqual({
      type: 'object',
      description: 'Ones at places.',
      properties: {
        multiHot: {
          anyOf: [
            {
              type: 'object',
              properties: {
                size: { type: 'integer', exclusiveMinimum: 0, maximum: 9007199254740991, description: 'How many.' },
                columns: { type: 'string' },
              },
              required: ['size'],
              additionalProperties: false,
            },
            { type: 'integer', exclusiveMinimum: 0, maximum: 9007199254740991, description: 'How many.' },
            { enum: [null, true] },
          ],
        },
      },
      required: ['multiHot'],
      additionalProperties: false,
    });
  });

  test('have a type', () => {
    type Config = ShortConfigOf<(typeof family_.plugins)[number]>;
    expectTypeOf<{ multiHot: number }>().toExtend<Config>();
    expectTypeOf<'standardize'>().toExtend<Config>();
    expectTypeOf<{ type: 'multiHot'; size: number }>().toExtend<Config>();
    expectTypeOf<{ multiHat: number }>().not.toExtend<Config>();
  });
});
