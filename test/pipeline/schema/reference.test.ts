import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { AnyPlugin } from '../../../src/core/plugin.ts';
import { engines } from '../../../src/engine/index.ts';
import { features } from '../../../src/feature/index.ts';
import { losses } from '../../../src/loss/index.ts';
import { merges } from '../../../src/merge/index.ts';
import { metrics } from '../../../src/metric/index.ts';
import { optimizers, schedules } from '../../../src/optimizer/index.ts';
import { pipelineLayers } from '../../../src/pipeline/layer/index.ts';
import { modelParts } from '../../../src/pipeline/model/schema.ts';
import { describeOptions } from '../../../src/pipeline/schema/describe.ts';
import { pipelineSchema } from '../../../src/pipeline/schema/index.ts';
import { jsonSchema } from '../../../src/pipeline/schema/json.ts';
import { referencePage } from '../../../src/pipeline/schema/reference.ts';
import { checkpointSchema, evaluateSchema, metricsSchema } from '../../../src/pipeline/schema/run.ts';
import { streamSchema } from '../../../src/pipeline/schema/stream.ts';
import { sources } from '../../../src/source/index.ts';
import { mappingSchema } from '../../../src/source/sample-mapping.ts';

const page = readFileSync(new URL('../../../docs/REFERENCE.md', import.meta.url), 'utf8');

test('the page of every option is current: npm run reference', () => {
  expect(page).toBe(referencePage());
});

test('its links lead somewhere on it', () => {
  const anchors = new Set(
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-')),
  );
  for (const [, anchor = ''] of page.matchAll(/\]\(#([^)]*)\)/g)) expect(anchors).toContain(anchor);
});

const families: readonly (readonly [string, readonly AnyPlugin[]])[] = [
  ['source', sources.plugins],
  ['feature', features.plugins],
  ['layer', pipelineLayers.plugins],
  ['loss', losses.plugins],
  ['metric', metrics.plugins],
  ['merge strategy', merges.plugins],
  ['optimizer', optimizers.plugins],
  ['schedule', schedules.plugins],
  ['engine', engines.plugins],
];

describe('every option is described', () => {
  const parts: readonly (readonly [string, z.ZodType])[] = [
    ['pipeline', pipelineSchema],
    ['stream', streamSchema],
    ['evaluate', evaluateSchema],
    ['checkpoint', checkpointSchema],
    ['metrics', metricsSchema],
    ['mapping', mappingSchema],
    ...Object.entries(modelParts),
    ...families.flatMap(([name, plugins]) => plugins.map(({ type, fields }) => [`${name} ${type}`, fields] as const)),
  ];

  test.each(parts)('%s', (_, schema) => {
    for (const { name, description } of describeOptions(schema, [])) expect(description, name).toMatch(/\.$/);
  });
});

describe('the JSON Schema', () => {
  const schema = jsonSchema() as { readonly $defs: Readonly<Record<string, unknown>> };
  const text = JSON.stringify(schema);

  test('names every member of every family', () => {
    for (const [, plugins] of families) for (const { type } of plugins) expect(text).toContain(`"${type}"`);
  });

  test('refers to parts that it has, and to each of them', () => {
    const referred = new Set([...text.matchAll(/"\$ref":"#\/\$defs\/([^"]*)"/g)].map(([, name]) => name));
    expect([...referred].sort()).toEqual(Object.keys(schema.$defs).sort());
    expect(text.length).toBeLessThan(300_000);
  });

  test('means what it meant before parts were shared', () => {
    const whole = (part: unknown): unknown => {
      if (Array.isArray(part)) return part.map(whole);
      if (typeof part !== 'object' || part === null) return part;
      const { $ref } = part as { readonly $ref?: string };
      if (typeof $ref === 'string') return whole(schema.$defs[$ref.replace('#/$defs/', '')]);
      return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, whole(inner)]));
    };
    const {
      $defs: _,
      title: __,
      description: ___,
      ...shared
    } = schema as Readonly<Record<string, unknown>> & typeof schema;
    const plain = z.toJSONSchema(pipelineSchema, { io: 'input', unrepresentable: 'any' });
    expect(whole(shared)).toEqual(JSON.parse(JSON.stringify(plain)));
  });
});
