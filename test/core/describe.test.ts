import { expect, it } from 'vitest';
import { z } from 'zod';
import { family, plugin } from '../../src/core/plugin.ts';
import * as trunkline from '../../src/index.ts';

const schedules = family('schedule', [
  plugin({
    type: 'step',
    summary: 'Falls by steps.',
    fields: z.object({ every: z.int().min(1) }),
    example: { every: 3 },
    build: () => 0,
  }),
  plugin({ type: 'flat', summary: 'Does not fall.', fields: z.object({}), example: {}, build: () => 0 }),
]);

const shapes = family('shape', [
  plugin({
    type: 'point',
    summary: 'Nothing to choose.',
    fields: z.object({}),
    example: {},
    build: () => 0,
  }),
  plugin({
    type: 'disc',
    summary: 'What is round.',
    fields: z.object({
      radius: z.number().positive().describe('How large.'),
      rate: z.union([z.number(), schedules.schema]).default(0.5).describe('How fast it grows.'),
      colour: z.enum(['red', 'blue']).default('red'),
      marks: z.array(z.string()).optional().describe('What is written on it.'),
      weights: z.record(z.string(), z.number()).default({}),
      rim: z
        .strictObject({ width: z.int().default(1).describe('In pixels.') })
        .optional()
        .describe('Its edge.'),
      draw: z.custom<() => void>().optional().describe('A function.'),
    }),
    example: { radius: 1 },
    build: () => 0,
  }),
]);

it('describes a family: each member with its options, what may be written, and defaults', () => {
  expect(shapes.describe()).toBe(
    [
      'point: Nothing to choose.',
      '',
      'disc: What is round.',
      '  radius: number. How large.',
      "  rate: number | { type: 'step' | 'flat', … } = 0.5. How fast it grows.",
      "  colour: 'red' | 'blue' = 'red'",
      '  marks: list of text (optional). What is written on it.',
      '  weights: number by name = {}',
      '  rim: { width } (optional). Its edge.',
      '    width: whole number = 1. In pixels.',
      '  draw (optional). A function.',
    ].join('\n'),
  );
});

it('describes one member, and names the others when there is none of that type', () => {
  expect(shapes.describe('point')).toBe('point: Nothing to choose.');
  expect(() => shapes.describe('disk')).toThrow(
    "shape.type: expected one of 'point', 'disc'; found 'disk'\n  hint: did you mean 'disc'?",
  );
});

it.each(Object.entries(trunkline).filter(([, value]) => typeof value === 'object' && 'plugins' in value))(
  '%s says what there is to choose, and every option of it',
  (_, value) => {
    const { plugins, describe } = value as {
      plugins: typeof trunkline.losses.plugins;
      describe(type?: string): string;
    };
    const text = describe();
    for (const { type, summary, fields } of plugins) {
      expect(text).toContain(`${type}: ${summary}`);
      for (const option of Object.keys(fields.shape)) expect(describe(type)).toMatch(new RegExp(`\\n  ${option}[: .]`));
    }
    expect(text).not.toMatch(/undefined|\[object/);
  },
);
