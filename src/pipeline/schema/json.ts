import { z } from 'zod';
import { pipelineSchema } from './index.ts';

type Schema = { readonly [keyword: string]: unknown };

/** The JSON Schema of pipelines, by which editors complete and check them. */
export function jsonSchema(): Schema {
  const schema = z.toJSONSchema(pipelineSchema, { io: 'input', unrepresentable: 'any' }) as Schema;
  return {
    title: 'Trunkline pipeline',
    description: 'What to train, on which samples, and how.',
    ...sharing(schema),
  };
}

/** Characters of a part that is worth a definition. */
const worthSharing = 400;

/** The same schema, with parts that occur several times as definitions: layers alone occur four times. */
function sharing(schema: Schema): Schema {
  const texts = new Map<unknown, string>();
  const counts = new Map<string, number>();
  const count = (part: Schema): void => {
    const text = JSON.stringify(part);
    texts.set(part, text);
    const before = counts.get(text) ?? 0;
    counts.set(text, before + 1);
    // What is in a part that occurred before was counted with it.
    if (before > 0) return;
    mapParts(part, (inner) => {
      count(inner);
      return inner;
    });
  };
  count(schema);
  const names = new Map<string, string>();
  const definitions: Record<string, Schema> = {};
  const shared = (part: Schema): Schema => {
    const text = texts.get(part) ?? JSON.stringify(part);
    if (text.length < worthSharing || (counts.get(text) ?? 0) < 2) return mapParts(part, shared);
    const known = names.get(text);
    const name = known ?? `part${names.size + 1}`;
    if (known === undefined) {
      names.set(text, name);
      definitions[name] = mapParts(part, shared);
    }
    return { $ref: `#/$defs/${name}` };
  };
  return { ...shared(schema), $defs: definitions };
}

/** The same schema, with each schema directly inside it replaced. */
function mapParts(schema: Schema, replace: (part: Schema) => Schema): Schema {
  const one = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? replace(value as Schema) : value;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (['items', 'additionalProperties', 'propertyNames', 'not'].includes(keyword)) return [keyword, one(value)];
      if (['anyOf', 'oneOf', 'allOf', 'prefixItems'].includes(keyword)) return [keyword, (value as unknown[]).map(one)];
      if (keyword !== 'properties') return [keyword, value];
      return [keyword, Object.fromEntries(Object.entries(value as object).map(([name, part]) => [name, one(part)]))];
    }),
  );
}
