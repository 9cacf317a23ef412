import { z } from 'zod';
import type { Issue } from './error.ts';
import { formatValue, oneOf, quote } from './format.ts';
import { didYouMean } from './suggest.ts';

export type Path = readonly PropertyKey[];

/** An issue, its place still a path into the configuration. */
export interface Finding extends Omit<Issue, 'where'> {
  readonly path: Path;
}

/** Our wording of one zod issue of `schema` about `input`. */
export function explain(issue: z.core.$ZodIssue, schema: z.core.$ZodType, input: unknown): readonly Finding[] {
  const { path } = issue;
  const value = valueAt(input, path);
  const finding = (expected: string): readonly Finding[] => [{ path, expected, found: formatValue(value) }];
  switch (issue.code) {
    case 'invalid_type':
      return finding(typeName(issue.expected, schemaAt(schema, path, input)));
    case 'invalid_value':
      return [{ path, expected: oneOf(issue.values), found: formatValue(value), ...hintFor(value, issue.values) }];
    case 'too_small':
      return finding(bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum));
    case 'too_big':
      return finding(bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum));
    case 'not_multiple_of':
      return finding(`a multiple of ${issue.divisor}`);
    case 'invalid_format':
      return finding(
        issue.pattern === undefined ? `text in the form of ${issue.format}` : `text like ${issue.pattern}`,
      );
    case 'unrecognized_keys': {
      const options = optionsAt(schema, path, input);
      const expected = options.length === 0 ? 'no options here' : `an option out of ${options.map(quote).join(', ')}`;
      return issue.keys.map((key) => ({
        path: [...path, key],
        expected,
        found: quote(key),
        ...didYouMean(key, options),
      }));
    }
    case 'invalid_union':
      return explainUnion(issue, schema, input);
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.map((inner) => ({
        path,
        expected: `${issue.code === 'invalid_key' ? 'a name that is ' : ''}${explain(inner, schema, input)[0]?.expected}`,
        found: formatValue(issue.code === 'invalid_key' ? path.at(-1) : value),
      }));
    default: {
      // A plugin's own check: its message completes "expected …"; `params` may say what was found, and a hint.
      const { hint, found } = issue.params ?? {};
      const shown = typeof found === 'string' ? found : formatValue(value);
      return [{ path, expected: issue.message, found: shown, ...(typeof hint === 'string' && { hint }) }];
    }
  }
}

/**
 * Checks a part of a configuration inside a transform, for schemas that are chosen by what was written.
 * @param pathOf where an option of `input` stands in what the user wrote
 */
export function checkWithin<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  context: z.core.$RefinementCtx,
  pathOf: (path: Path) => Path = (path) => path,
): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  for (const issue of result.error.issues)
    for (const finding of explain(issue, schema, input)) report({ ...finding, path: pathOf(finding.path) }, context);
  return z.NEVER;
}

/** Hands a finding to the check it was found in. */
export function report({ path, expected, found, hint }: Finding, context: z.core.$RefinementCtx): void {
  context.addIssue({ code: 'custom', message: expected, path: [...path], params: { found, hint } });
}

function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  schema: z.core.$ZodType,
  input: unknown,
): readonly Finding[] {
  const value = valueAt(input, issue.path);
  if ('options' in issue && Array.isArray(issue.options)) {
    const types: readonly unknown[] = issue.options;
    return [{ path: issue.path, expected: oneOf(types), found: formatValue(value), ...hintFor(value, types) }];
  }
  const union = schemaAt(schema, issue.path, input);
  const options = union?._zod.def.type === 'union' ? union._zod.def.options : [];
  const branches = issue.errors.map((errors, place) => {
    const branch = options[place];
    return errors.flatMap((inner) =>
      branch === undefined
        ? []
        : explain(inner, branch, value).map((f) => ({ ...f, path: [...issue.path, ...f.path] })),
    );
  });
  // The alternative that was meant is the one whose faults lie deepest; where none was entered, all are named.
  const meant = branches.find((findings) => findings.some(({ path }) => path.length > issue.path.length));
  if (meant !== undefined) return meant;
  const expected = [...new Set(branches.flat().map((finding) => finding.expected))].join(', or ');
  const hint = branches.flat().find((finding) => finding.hint !== undefined)?.hint;
  return [{ path: issue.path, expected, found: formatValue(value), ...(hint !== undefined && { hint }) }];
}

function hintFor(value: unknown, values: readonly unknown[]): { readonly hint?: string } {
  const texts = values.filter((choice) => typeof choice === 'string');
  return typeof value === 'string' ? didYouMean(value, texts) : {};
}

const typeNames: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  tuple: 'a list',
  null: 'null',
  undefined: 'nothing',
  never: 'nothing here',
};

/** zod asks for `number` first and for whole ones only then; we say at once what is wanted. */
function typeName(expected: string, schema: z.core.$ZodTypes | undefined): string {
  const formats =
    schema === undefined ? [] : [schema._zod.def, ...(schema._zod.def.checks ?? []).map((c) => c._zod.def)];
  const isWhole = expected === 'number' && formats.some((def) => 'format' in def && def.format === 'safeint');
  return typeNames[isWhole ? 'int' : expected] ?? expected;
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'string') return `text of ${relation} ${limit} characters`;
  if (origin === 'array' || origin === 'set' || origin === 'map') return `a list of ${relation} ${limit}`;
  return `a number, ${relation} ${limit}`;
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
}

/** The option names of the object schema at `path`. */
function optionsAt(schema: z.core.$ZodType, path: Path, input: unknown): readonly string[] {
  const found = schemaAt(schema, path, input);
  return found?._zod.def.type === 'object' ? Object.keys(found._zod.def.shape) : [];
}

/** The schema that applies at `path`, following the alternatives that `input` chose; undefined when it can't be told. */
function schemaAt(schema: z.core.$ZodType, path: Path, input: unknown): z.core.$ZodTypes | undefined {
  // zod's union of its own schema classes: what every schema is, though `$ZodType` does not say so.
  const typed = schema as z.core.$ZodTypes;
  const { def } = typed._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return schemaAt(def.innerType, path, input);
    case 'pipe':
      return schemaAt(def.in, path, input);
    case 'lazy':
      return schemaAt(def.getter(), path, input);
    case 'union': {
      const { discriminator } = def as Partial<z.core.$ZodDiscriminatedUnionDef>;
      if (discriminator === undefined) return path.length === 0 ? typed : undefined;
      const chosen = def.options.find((option) => {
        const at = (option as z.core.$ZodTypes)._zod.propValues?.[discriminator];
        return at?.has(valueAt(input, [discriminator]) as z.core.util.Primitive);
      });
      return chosen === undefined ? undefined : schemaAt(chosen, path, input);
    }
  }
  const [key, ...rest] = path;
  if (key === undefined) return typed;
  const next =
    def.type === 'object'
      ? def.shape[String(key)]
      : def.type === 'array'
        ? def.element
        : def.type === 'record'
          ? def.valueType
          : def.type === 'tuple'
            ? def.items[Number(key)]
            : undefined;
  return next === undefined ? undefined : schemaAt(next, rest, valueAt(input, [key]));
}
