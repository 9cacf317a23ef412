/** `'a'`, or `one of 'a', 'b'`: allowed values as errors list them. */
export function oneOf(values: readonly unknown[]): string {
  const list = values.map(formatValue).join(', ');
  return values.length === 1 ? list : `one of ${list}`;
}

/** A found value, short enough for an error. */
export function formatValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return quote(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const keys = Object.keys(value);
  const shown = keys.slice(0, 4).join(', ');
  return keys.length === 0 ? 'an empty object' : `an object with ${shown}${keys.length > 4 ? ', …' : ''}`;
}

/** Text in single quotes, on one line. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}

/** `1.5 MiB`: bytes in binary units, to one decimal place. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** Text on one line that any file may hold: control characters and halves of characters become `\uFFFD`. */
export function printable(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\u2028\u2029\uFFFE\uFFFF]/gu, '\uFFFD');
}

/** A text in so many characters: a long one loses its middle. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  const kept = Math.max(0, length - 1);
  const end = Math.floor(kept / 2);
  return `${characters.slice(0, kept - end).join('')}…${characters.slice(characters.length - end).join('')}`;
}
