import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type LossConfig, losses } from '../../../src/loss/index.ts';
import { merges } from '../../../src/merge/index.ts';
import { optimizers, schedules } from '../../../src/optimizer/index.ts';
import * as stage from '../../../src/stream/stage/index.ts';

const exported: Readonly<Record<string, unknown>> = stage;
const written = readFileSync(new URL('../../../src/stream/stage/configs.ts', import.meta.url), 'utf8');
const members = [losses, optimizers, merges].flatMap((family) =>
  family.plugins.map(({ type, example }) => [type, family, example as object] as const),
);
/** Names that differ from the type, and why. */
const otherNames: Readonly<Record<string, string>> = { static: 'staticWeights' };

describe('functions that write configurations', () => {
  it.each(members.filter(([type]) => type !== 'sum'))(
    '%s is exported, and takes its example',
    (type, family, example) => {
      const write = exported[otherNames[type] ?? type] as (options: object) => object;
      expect(write(example)).toEqual({ type, ...example });
      expect(() => family.parse(write(example), '')).not.toThrow();
    },
  );

  it.each(members.filter(([type]) => type !== 'sum'))('%s begins its docstring with its summary', (type, family) => {
    const [docstring = ''] =
      written
        .split(`export const ${otherNames[type] ?? type} =`)[0]
        ?.split('/**')
        .slice(-1) ?? [];
    const said = docstring
      .replace(/\s*\*\/\s*$/, '')
      .replace(/\s*\n \* |^ /g, ' ')
      .trim();
    const { summary } = family.find(type, '');
    expect(said.slice(0, summary.length)).toBe(summary);
  });

  it('have those of schedules beside them', () => {
    expect(Object.keys(stage.schedule)).toEqual(schedules.types);
    expect(stage.schedule.cosine({ base: 1e-3, steps: 10 })).toEqual({ type: 'cosine', base: 1e-3, steps: 10 });
  });

  it('know two losses by their initials', () => {
    expect([stage.bce(), stage.mse()]).toEqual([{ type: 'binaryCrossentropy' }, { type: 'meanSquaredError' }]);
  });

  it('refuse options that are wrong, all at once', () => {
    expect(() => stage.adam({ learningRate: -1, beta1: 2 })).toThrow(
      [
        'adam.learningRate: expected a number, more than 0; found -1',
        'adam.beta1: expected a number, less than 1; found 2',
      ].join('\n'),
    );
  });

  it('ask for options where they are needed', () => {
    expectTypeOf(stage.bce).toBeCallableWith();
    // @ts-expect-error: it is nothing without weights
    expect(() => stage.staticWeights()).toThrow('static.weights: expected');
    expectTypeOf(stage.bce).returns.toExtend<LossConfig>();
  });
});
