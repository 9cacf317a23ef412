import { z } from 'zod';
import { formatValue, oneOf, quote } from './format.ts';
import type { AnyPlugin, ConfigOf, Family, ParsedOf } from './plugin.ts';
import { didYouMean } from './suggest.ts';
import { checkWithin, type Finding, type Path, report } from './zod-issue.ts';

/**
 * What a user may write for a plugin: all of it, `{ type: 'multiHot', size: 2048 }`; with its type in front,
 * `{ multiHot: { size: 2048 } }`; only its main option, `{ multiHot: 2048 }`; or only its type, `'standardize'`.
 */
export type ShortConfigOf<P extends AnyPlugin> = ConfigOf<P> | P['type'] | { readonly [Type in P['type']]?: unknown };

/** A configuration written out, and where its options stand in what the user wrote. */
interface Expanded {
  readonly config: unknown;
  readonly pathOf: (path: Path) => Path;
}

/** A schema of a family's configurations that takes short forms too, for use inside larger schemas. */
export function shortFormSchema<P extends AnyPlugin>(family: Family<P>): z.ZodType<ParsedOf<P>, ShortConfigOf<P>> {
  const schema = z.unknown().transform((input, context) => {
    const expanded = expand(family, input);
    if (!('expected' in expanded)) return checkWithin(family.schema, expanded.config, context, expanded.pathOf);
    report(expanded, context);
    return z.NEVER;
  });
  // Read when a JSON Schema is made, which a check alone needs not pay for.
  const meta = {
    get anyOf() {
      return alternatives(family);
    },
  };
  return schema.meta(meta) as unknown as z.ZodType<ParsedOf<P>, ShortConfigOf<P>>;
}

function expand<P extends AnyPlugin>(family: Family<P>, input: unknown): Expanded | Finding {
  if (typeof input === 'string') return expandType(family, input, undefined, []);
  if (!isPlainObject(input)) return misfit(family, [], input);
  if ('type' in input) return { config: input, pathOf: (path) => path };
  const [[type, value] = [], ...others] = Object.entries(input);
  if (type === undefined || others.length > 0) {
    const finding = misfit(family, [], input);
    const hint = flatHint(family, input);
    return hint === undefined ? finding : { ...finding, hint };
  }
  return expandType(family, type, value, [type]);
}

function expandType<P extends AnyPlugin>(
  family: Family<P>,
  type: string,
  value: unknown,
  at: Path,
): Expanded | Finding {
  const member = family.plugins.find((known) => known.type === type);
  if (member === undefined)
    return { path: at, expected: oneOf(family.types), found: quote(type), ...didYouMean(type, family.types) };
  if (value === undefined || value === null || value === true)
    return { config: { type }, pathOf: (path) => [...at, ...path] };
  if (isPlainObject(value) && !('type' in value))
    return { config: { ...value, type }, pathOf: (path) => [...at, ...path] };
  const { main } = member;
  if (isPlainObject(value) || main === undefined)
    return {
      path: isPlainObject(value) ? [...at, 'type'] : at,
      expected: `options of ${quote(type)}`,
      found: isPlainObject(value) ? 'a type once more' : formatValue(value),
      hint: `options are ${Object.keys(member.fields.shape).map(quote).join(', ')}`,
    };
  return { config: { type, [main]: value }, pathOf: ([key, ...path]) => [...at, ...(key === main ? path : [])] };
}

/** What is to be done where a type stands beside its options. */
function flatHint<P extends AnyPlugin>(family: Family<P>, input: object): string | undefined {
  const [[type, value] = [], ...others] = Object.entries(input);
  const member = family.plugins.find((known) => known.type === type);
  if (member === undefined) return undefined;
  if (value === null) return `indent the options of '${type}' further than its name`;
  const options = others.map(([option]) => option);
  if (!options.every((option) => option in member.fields.shape)) return undefined;
  const main = value === true || member.main === undefined ? [] : [member.main];
  const inside = [...main, ...options].map((option) => `${option}: …`).join(', ');
  return `options of '${type}' stand inside of it: { ${type}: { ${inside} } }`;
}

function misfit<P extends AnyPlugin>(family: Family<P>, path: Path, input: unknown): Finding {
  const [type = 'type'] = family.types;
  return {
    path,
    expected: `a ${family.name}, as { ${type}: … }`,
    found: formatValue(input),
    hint: `it is ${oneOf(family.types)}`,
  };
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The forms as JSON Schema. */
function alternatives<P extends AnyPlugin>(family: Family<P>): readonly unknown[] {
  const jsonOf = (schema: z.ZodType): object => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    return rest;
  };
  const short = family.plugins.map(({ type, summary, fields, main }) => ({
    type: 'object',
    description: summary,
    properties: {
      [type]: {
        anyOf: [
          jsonOf(fields.strict()),
          ...(main === undefined ? [] : [jsonOf(fields.shape[main] as z.ZodType)]),
          { enum: [null, true] },
        ],
      },
    },
    required: [type],
    additionalProperties: false,
  }));
  return [jsonOf(family.schema), { enum: family.types }, ...short];
}
