import type { z } from 'zod';
import { ConfigError, type Issue } from './error.ts';
import { quote } from './format.ts';
import { explain, type Path } from './zod-issue.ts';

/** Where a configuration stands: a name put before each option's path, or a function from that path to a place in a file. */
export type Where = string | ((path: Path) => string);

export type Checked<Config> =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Checks `input` and fills in defaults. All issues come at once, each saying where, what was expected and what was found. */
export function checkConfig<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  where: Where,
): Checked<z.output<Schema>> {
  const result = schema.safeParse(input);
  if (result.success) return { ok: true, config: result.data };
  const findings = result.error.issues.flatMap((issue) => explain(issue, schema, input));
  return { ok: false, issues: findings.map(({ path, ...rest }) => ({ where: placeOf(path, where), ...rest })) };
}

/**
 * The checked `input`, defaults filled in.
 * @throws ConfigError with every issue
 */
export function parseConfig<Schema extends z.ZodType>(schema: Schema, input: unknown, where: Where): z.output<Schema> {
  const checked = checkConfig(schema, input, where);
  if (!checked.ok) throw new ConfigError(checked.issues);
  return checked.config;
}

/** An option's place: `heads[0].loss` under `where`, or whatever `where` makes of the path. */
export function placeOf(path: Path, where: Where): string {
  if (typeof where === 'function') return where(path);
  return path.reduce<string>((place, key) => {
    if (typeof key === 'number') return `${place}[${key}]`;
    const name = String(key);
    if (!/^[\w$]+$/.test(name)) return `${place}[${quote(name)}]`;
    return place === '' ? name : `${place}.${name}`;
  }, where);
}
