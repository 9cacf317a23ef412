/** A name as SQL has it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Text as SQL has it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path that means one file: what DuckDB would take for a wildcard stands for itself. */
export function exactPath(path: string): string {
  return literal(path.replaceAll(/[[?*]/g, '[$&]'));
}

/** The first line of what DuckDB says, without the kind of error before it. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [line = ''] = text.split('\n');
  return line.replace(/^(\w+ )*Error: /, '').trim();
}
