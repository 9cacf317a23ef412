import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../../src/core/error.ts';
import { type ConfigOf, family, plugin } from '../../src/core/plugin.ts';

interface Context {
  readonly unit: string;
}

const constant = plugin({
  type: 'constant',
  summary: 'The same value at every step.',
  fields: z.object({ value: z.number().positive() }),
  example: { value: 3 },
  build: (config, context: Context) => `${config.value} ${context.unit}`,
});

const cosine = plugin({
  type: 'cosine',
  summary: 'A half cosine from the first value to the last.',
  fields: z
    .object({
      first: z.number(),
      last: z.number().default(0),
      warmup: z
        .strictObject({ steps: z.int().min(1), shape: z.enum(['linear', 'square']).default('linear') })
        .optional(),
    })
    .refine(({ first, last }) => first > last, { error: "a 'first' above 'last'", params: { hint: 'swap the two' } }),
  example: { first: 1 },
  build: (config, context: Context) => `${config.first}..${config.last} ${context.unit}`,
});

const schedules = family('schedule', [constant, cosine]);

function messageOf(config: unknown): string {
  try {
    schedules.build(config, { unit: 'm' }, 'optimizer.learningRate');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('it was accepted');
}

describe('a family', () => {
  test('lists its types in registry order', () => {
    expect(schedules.types).toEqual(['constant', 'cosine']);
    expect(schedules.find('cosine', 'here')).toBe(cosine);
  });

  test('builds the member a configuration names, defaults filled in', () => {
    expect(schedules.build({ type: 'constant', value: 2 }, { unit: 'm' }, 'rate')).toBe('2 m');
    expect(schedules.build({ type: 'cosine', first: 1 }, { unit: 's' }, 'rate')).toBe('1..0 s');
    expect(schedules.parse({ type: 'cosine', first: 1, warmup: { steps: 2 } }, 'rate')).toEqual({
      type: 'cosine',
      first: 1,
      last: 0,
      warmup: { steps: 2, shape: 'linear' },
    });
  });

  test('builds every example', () => {
    for (const { type, example } of schedules.plugins)
      expect(schedules.build({ type, ...example }, { unit: 'm' }, type)).toContain(' m');
  });

  test('has the union of its members as configuration type', () => {
    type Config = ConfigOf<(typeof schedules.plugins)[number]>;
    expectTypeOf<{ type: 'constant'; value: number }>().toExtend<Config>();
    expectTypeOf<{ type: 'cosine'; first: number }>().toExtend<Config>();
    expectTypeOf<{ type: 'cosine'; value: number }>().not.toExtend<Config>();
    expectTypeOf<ReturnType<typeof schedules.build>>().toEqualTypeOf<string>();
  });

  test('works inside a larger schema, where places come from a function', () => {
    const whole = z.strictObject({ rate: schedules.schema });
    expect(whole.parse({ rate: { type: 'constant', value: 1 } }).rate.type).toBe('constant');
  });

  test.each([
    [
      'an unknown type',
      { type: 'cosin', first: 1 },
      "optimizer.learningRate.type: expected one of 'constant', 'cosine'; found 'cosin'\n  hint: did you mean 'cosine'?",
    ],
    [
      'a type in other letters',
      { type: 'Constant', value: 1 },
      "optimizer.learningRate.type: expected one of 'constant', 'cosine'; found 'Constant'\n  hint: did you mean 'constant'?",
    ],
    [
      'a type like none',
      { type: 'zigzag' },
      "optimizer.learningRate.type: expected one of 'constant', 'cosine'; found 'zigzag'",
    ],
    ['no type', { value: 1 }, "optimizer.learningRate.type: expected one of 'constant', 'cosine'; found nothing"],
    ['no object', 0.1, 'optimizer.learningRate: expected an object; found 0.1'],
    [
      'a misspelt option, and the missing one',
      { type: 'constant', vlaue: 1 },
      'optimizer.learningRate.value: expected a number; found nothing\n' +
        "optimizer.learningRate.vlaue: expected an option out of 'value', 'type'; found 'vlaue'\n  hint: did you mean 'value'?",
    ],
    [
      'a misspelt option of an option, and a value out of bounds',
      { type: 'cosine', first: 1, warmup: { steps: 0, shpae: 'linear' } },
      'optimizer.learningRate.warmup.steps: expected a number, at least 1; found 0\n' +
        "optimizer.learningRate.warmup.shpae: expected an option out of 'steps', 'shape'; found 'shpae'\n  hint: did you mean 'shape'?",
    ],
    [
      'an unknown choice',
      { type: 'cosine', first: 1, warmup: { steps: 1, shape: 'Linear' } },
      "optimizer.learningRate.warmup.shape: expected one of 'linear', 'square'; found 'Linear'\n  hint: did you mean 'linear'?",
    ],
    [
      "a plugin's own check",
      { type: 'cosine', first: 1, last: 2 },
      "optimizer.learningRate: expected a 'first' above 'last'; found an object with type, first, last\n  hint: swap the two",
    ],
  ])('says what is wrong with %s', (_name, config, message) => {
    expect(messageOf(config)).toBe(message);
  });

  test('names the choices when a type is looked up', () => {
    expect(() => schedules.find('cosinus', 'lr')).toThrow(
      new ConfigError({
        where: 'lr.type',
        expected: "one of 'constant', 'cosine'",
        found: "'cosinus'",
        hint: "did you mean 'cosine'?",
      }),
    );
  });

  test('refuses two members of one type, and an option called type', () => {
    expect(() => family('schedule', [constant, constant])).toThrow(
      "schedule: expected one plugin per type; found two of type 'constant'",
    );
    const odd = plugin({
      ...constant,
      type: 'odd',
      fields: z.object({ type: z.string() }),
      example: { type: '' },
      build: String,
    });
    expect(() => family('schedule', [odd])).toThrow(
      "schedule: expected options other than 'type', which names the plugin; found it in the fields of 'odd'",
    );
  });
});
