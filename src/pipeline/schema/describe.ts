import { z } from 'zod';

type Json = { readonly [keyword: string]: unknown };

/** One option, in words. */
export interface DescribedOption {
  readonly name: string;
  readonly type: string;
  /** What it is when left out; `required` where it can't be. */
  readonly fallback: string;
  readonly description: string;
}

/** Where a page describes the members of a family: by their types, the text of a link. */
export type Links = readonly { readonly types: readonly string[]; readonly link: string }[];

/** The options of an object, in words. `type`, which says which one it is, is not among them. */
export function describeOptions(schema: z.ZodType, links: Links): readonly DescribedOption[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  const required = new Set((json.required as readonly string[] | undefined) ?? []);
  return Object.entries((json.properties ?? {}) as Readonly<Record<string, Json>>)
    .filter(([name]) => name !== 'type')
    .map(([name, option]) => ({
      name,
      type: typeOf(option, links),
      fallback: required.has(name) ? 'required' : option.default === undefined ? '' : code(option.default),
      description: String(option.description ?? ''),
    }));
}

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

/** What a value may be, in words. */
function typeOf(json: Json, links: Links): string {
  const link = linkOf(json, links);
  if (link !== undefined) return link;
  const choices = (json.anyOf ?? json.oneOf) as readonly Json[] | undefined;
  if (choices) return [...new Set(choices.map((choice) => typeOf(choice, links)))].join(' or ');
  if (json.enum) return (json.enum as readonly unknown[]).map(code).join(', ');
  if (json.const !== undefined) return code(json.const);
  if (Array.isArray(json.type)) return json.type.map((type) => typeOf({ ...json, type }, links)).join(' or ');
  switch (json.type) {
    case 'integer':
      return `whole number${boundsOf(json)}`;
    case 'number':
      return `number${boundsOf(json)}`;
    case 'string':
      return 'text';
    case 'boolean':
      return '`true`, `false`';
    case 'null':
      return '`null`';
    case 'array':
      return arrayType(json, links);
    case 'object':
      return objectType(json, links);
    default:
      return 'anything';
  }
}

function arrayType({ items, prefixItems }: Json, links: Links): string {
  if (prefixItems) return `list of ${(prefixItems as readonly Json[]).length}`;
  const item = items === undefined ? 'anything' : typeOf(items as Json, links);
  return `list of ${/, | or /.test(item) && !item.startsWith('[') ? `(${item})` : item}`;
}

function objectType({ properties, additionalProperties }: Json, links: Links): string {
  const names = Object.keys((properties ?? {}) as object);
  if (names.length > 0) return `\`{ ${names.join(', ')} }\``;
  if (typeof additionalProperties !== 'object') return 'object';
  return `names with ${typeOf(additionalProperties as Json, links)}`;
}

function boundsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Json): string {
  const isLimit = (limit: unknown): limit is number =>
    typeof limit === 'number' && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  const parts = [
    ...(isLimit(minimum) ? [`≥ ${minimum}`] : []),
    ...(isLimit(exclusiveMinimum) ? [`> ${exclusiveMinimum}`] : []),
    ...(isLimit(maximum) ? [`≤ ${maximum}`] : []),
    ...(isLimit(exclusiveMaximum) ? [`< ${exclusiveMaximum}`] : []),
  ];
  return parts.length === 0 ? '' : ` ${parts.join(', ')}`;
}

/** The link to the family whose members this schema takes, in any of their forms. */
function linkOf(json: Json, links: Links): string | undefined {
  const types = typesOf(json);
  return links.find((known) => known.types.join() === types.join())?.link;
}

/** The types of the members that a schema takes: of a union by type, or of one that takes short forms besides. */
function typesOf({ anyOf, oneOf }: Json): readonly string[] {
  const members = (oneOf ?? (anyOf as readonly Json[] | undefined)?.[0]?.oneOf ?? []) as readonly Json[];
  return members.map((member) => {
    const { type } = (member.properties ?? {}) as { readonly type?: Json };
    return String(type?.const ?? '');
  });
}
