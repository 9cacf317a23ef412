/** Plain words of YAML that mean something else than themselves. */
const special = /^(true|false|null|yes|no|on|off|y|n|~)$/i;

/** A text as a value or a name in YAML, inside { } and [ ] too. `${` is written so that it is no variable. */
export function scalar(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = value.replaceAll('${', '$${');
  const isPlain = /^[A-Za-z_][\w./-]*$/.test(text) && !special.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** `{ a: 1, b: x }`: options that were given, on one line. */
export function flow(options: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '{}' : `{ ${given.map(([name, value]) => `${scalar(name)}: ${value}`).join(', ')} }`;
}

/** `[a, b]` */
export const list = (values: readonly (string | number)[]): string => `[${values.map(scalar).join(', ')}]`;
