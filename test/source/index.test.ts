import { describe, expect, it } from 'vitest';
import { sources } from '../../src/source/index.ts';
import { mappingFields } from '../../src/source/sample-mapping.ts';

describe.each(sources.plugins.map((plugin) => [plugin.type, plugin] as const))('%s', (type, plugin) => {
  it('has an example that is right, and every option described', () => {
    expect(() => sources.parse({ type, ...plugin.example }, type)).not.toThrow();
    for (const [name, field] of Object.entries(plugin.fields.shape)) expect(field.description, name).toMatch(/\.$/);
  });

  it('has no option of the name of one that says what columns mean: in pipelines they stand together', () => {
    expect(Object.keys(plugin.fields.shape).filter((name) => name in mappingFields || name === 'like')).toEqual([]);
  });
});
