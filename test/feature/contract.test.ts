import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/core/shape.ts';
import type { RawColumn } from '../../src/core/table.ts';
import { type FeatureConfig, features } from '../../src/feature/index.ts';
import { build, columnOf, transformed } from './columns.ts';

const grey = Uint8Array.from(
  Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==', 'base64'),
);

/** Columns with good rows for each example, and a row whose value is null. */
const samples: Readonly<Record<string, readonly RawColumn[]>> = {
  tensor: [columnOf([1, 2, null]), columnOf([3, 4, 5])],
  standardize: [columnOf([1, 2, null]), columnOf([3, 7, 5])],
  minMax: [columnOf([Array(784).fill(3), Array(784).fill(255), null])],
  log1p: [columnOf([0, 9, null])],
  oneHot: [columnOf(['low', 'other', null])],
  multiHot: [columnOf([[0, 2047], [3], null])],
  hash: [columnOf(['a', 'b', null])],
  vocabulary: [columnOf(['a', 'a', null])],
  sequence: [columnOf(['a b', 'c', null])],
  characters: [columnOf(['AC', 'YYYY', null])],
  image: [columnOf([grey, grey, null])],
};

const isFilledIn = (config: object): boolean => (config as { missing?: unknown }).missing !== undefined;

describe.each(features.plugins.map((plugin) => [plugin.type, plugin] as const))('%s', (type, plugin) => {
  const config = { type, ...plugin.example } as FeatureConfig;
  const columns = samples[type] ?? [];
  const named = Object.fromEntries(columns.map((column, at) => [`c${at}`, column]));
  const fitted = () => {
    const feature = build(config, named);
    if (feature.needsFit) {
      feature.fit(columns, 3);
      feature.finishFit();
    }
    return feature;
  };

  it('says what it is, and what each option is', () => {
    expect(plugin.summary).toMatch(/\.$/);
    const fields = plugin.fields.shape as Readonly<Record<string, { description?: string }>>;
    for (const [option, field] of Object.entries(fields)) expect(field.description, option).toMatch(/\.$/);
    expect(Object.keys(fields)).toContain('columns');
    if (plugin.main !== undefined) expect(Object.keys(fields)).toContain(plugin.main);
  });

  it('gives the numbers that its shape says, and a fault for each row that has none', async () => {
    const feature = fitted();
    const { column, rows, faults } = await transformed(feature, columns, 3);
    expect(column.kind).toBe(feature.kind ?? 'dense');
    if (column.kind !== 'sequence') {
      expect(column.size).toBe(sizeOf(feature.shape));
      expect(rows.slice(0, 2).every((row) => row?.length === column.size)).toBe(true);
    }
    if (column.kind !== 'multiHot')
      expect(column.values).toBeInstanceOf(feature.dtype === 'int32' ? Int32Array : Float32Array);
    if (isFilledIn(config as object)) expect(faults).toEqual([]);
    else expect(faults).toMatchObject([{ row: 2, column: 'c0', reason: 'missing' }]);
    for (const row of rows) for (const number of row ?? []) expect(Number.isFinite(number)).toBe(true);
  });

  it('goes on with what it fitted, read from JSON', async () => {
    const feature = fitted();
    const other = build(config, named);
    if (other.needsFit) {
      expect(() => other.transform(columns, 3)).toThrow(
        'features.x: expected to have looked at the training source first; found rows to transform before that\n  hint: fit the features (fitFeatures), or restore what was fitted before',
      );
      other.restore(JSON.parse(JSON.stringify(feature.state())));
    }
    expect(other.needsFit).toBe(false);
    expect(other.shape).toEqual(feature.shape);
    expect(await transformed(other, columns, 3)).toEqual(await transformed(feature, columns, 3));
  });

  it('refuses a state that is not its own', () => {
    const feature = build(config, named);
    if (!feature.needsFit) return expect(feature.state()).toBe(null);
    expect(() => feature.restore({ some: 'thing' })).toThrow('features.x, fitted state');
  });

  it('gives every row a number for each place or a fault, whatever stands there', async () => {
    const anything = fc.oneof(
      fc.anything({ withBigInt: true, withTypedArray: true }),
      fc.array(fc.oneof(fc.double(), fc.nat(), fc.string(), fc.constant(null)), { maxLength: 4 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 5 }), async (values) => {
        const feature = fitted();
        const mixed = columns.map(() => ({ kind: 'mixed', values }) as const);
        const { rows, column } = await transformed(feature, mixed, values.length);
        expect(rows).toHaveLength(values.length);
        if (column.kind !== 'dense') expect(column.starts).toHaveLength(values.length + 1);
        for (const row of rows) for (const number of row ?? []) expect(Number.isFinite(number)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
