import { quote } from '../../core/format.ts';
import { didYouMean } from '../../core/suggest.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Why a text can't be filled in: an issue, its place left to the caller. */
export interface EnvironmentFault {
  readonly expected: string;
  readonly found: string;
  readonly hint?: string;
}

/** A text with the environment's variables in it, and which they were. */
export interface Interpolated {
  readonly text: string;
  /** Values that came from the environment, by name. A default is none: it stands in the file. */
  readonly used: ReadonlyMap<string, string>;
  readonly faults: readonly EnvironmentFault[];
}

/**
 * Fills in `${NAME}` and `${NAME:-default}`, as a shell does: the default stands for a variable that is not set, or
 * empty. `$${` is `${` itself.
 */
export function interpolate(text: string, environment: Environment): Interpolated {
  const used = new Map<string, string>();
  const faults: EnvironmentFault[] = [];
  const filled = text.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (whole, inside: string | undefined, end: string) => {
    if (inside === undefined) return '${';
    const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inside) ?? [];
    if (name === undefined || end === '') {
      faults.push({
        expected: 'the name of an environment variable: ${NAME} or ${NAME:-default}',
        found: `'${whole}'`,
        hint: 'write $${ where ${ itself is meant',
      });
      return whole;
    }
    const value = environment[name];
    if (value !== undefined && value !== '') {
      used.set(name, value);
      return value;
    }
    if (fallback !== undefined) return fallback;
    faults.push({
      expected: `the environment variable '${name}'`,
      found: value === undefined ? 'none of that name' : 'an empty one',
      ...hintFor(name, value === undefined ? Object.keys(environment) : []),
    });
    return whole;
  });
  return { text: filled, used, faults };
}

function hintFor(name: string, others: readonly string[]): { readonly hint: string } {
  const { hint } = didYouMean(name, others);
  const ways = `set it, or give a default: \${${name}:-default}`;
  return { hint: hint === undefined ? ways : `${hint} Or ${ways}` };
}

/** Below this many characters a value is too ordinary to be looked for in texts: every `5` would be taken for it. */
const leastSecret = 4;

/** Puts `${NAME}` in place of values that came from the environment, wherever they turn up in a text, whole or cut off. */
export function redactor(used: ReadonlyMap<string, string>): (text: string) => string {
  const secrets = [...used]
    .filter(([, value]) => value.length >= leastSecret)
    .flatMap(([name, value]) => formsOf(value).map((form) => [`\${${name}}`, form] as const))
    .sort(([, a], [, b]) => b.length - a.length);
  return (text) =>
    secrets.reduce((shown, [name, form]) => withoutPieces(shown.replaceAll(form, name), form, name), text);
}

/** How a value may stand in a text: as it is, in quotes, in JSON, and as the number that it was taken for. */
function formsOf(value: string): readonly string[] {
  const number = String(Number(value));
  const forms = [value, quote(value).slice(1, -1), JSON.stringify(value).slice(1, -1), number];
  return [...new Set(forms)].filter((form) => form.length >= leastSecret && form !== 'NaN');
}

/** Where `…` stands for what was left out, a value may have lost its end or its beginning. */
function withoutPieces(text: string, value: string, name: string): string {
  if (!text.includes('…')) return text;
  const parts = text.split('…');
  return parts
    .map((part, at) => {
      let kept = part;
      if (at < parts.length - 1) {
        const length = lengths(value).find((own) => kept.endsWith(value.slice(0, own)));
        if (length !== undefined) kept = `${kept.slice(0, -length)}${name}`;
      }
      if (at > 0) {
        const length = lengths(value).find((own) => kept.startsWith(value.slice(-own)));
        if (length !== undefined) kept = `${name}${kept.slice(length)}`;
      }
      return kept;
    })
    .join('…');
}

/** Of pieces that are too long to be ordinary, the longest first. */
const lengths = ({ length }: string): readonly number[] =>
  Array.from({ length: Math.max(0, length - leastSecret) }, (_, at) => length - 1 - at);
