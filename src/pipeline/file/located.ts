import { ConfigError, type Issue, TrunklineError } from '../../core/error.ts';
import type { Path } from '../../core/zod-issue.ts';
import type { Written } from './document.ts';

/** The options at the beginning of a place, as `placeOf` writes them: `sources.train.path[0]`, `heads['a b']`. */
const leadingPath = /^[\w$]+(?:\.[\w$]+|\[\d+\]|\['(?:[^'\\]|\\.)*'\])*/;
const pathPart = /[\w$]+|\['((?:[^'\\]|\\.)*)'\]/g;

/**
 * An error whose issues say where in the file they are, and show nothing that came from the environment.
 * @param file as the user named it: what stands in it has its place already
 * @param options names of options that a place in the pipeline begins with; other places stay as they are
 */
export function located(error: unknown, file: string, { where, redact }: Written, options: readonly string[]): unknown {
  if (!(error instanceof TrunklineError)) return error;
  const issues = error.issues.map(({ where: place, expected, found, hint }): Issue => {
    const [text] = leadingPath.exec(place) ?? [''];
    const path = pathOf(text);
    const isOption = path.length > 0 && options.includes(String(path[0]));
    return {
      where: isOption
        ? `${where(path)}${redact(place.slice(text.length))}`
        : place.startsWith(file)
          ? place
          : redact(place),
      expected: redact(expected),
      found: redact(found),
      ...(hint === undefined ? {} : { hint: redact(hint) }),
    };
  });
  const Kind = error.constructor as new (issues: readonly Issue[], options?: ErrorOptions) => TrunklineError;
  return error instanceof ConfigError || Kind !== TrunklineError
    ? new Kind(issues, { cause: error.cause })
    : new TrunklineError(issues, { cause: error.cause });
}

function pathOf(text: string): Path {
  return [...text.matchAll(pathPart)].map(([part, quoted]) => {
    if (quoted !== undefined)
      return quoted.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    return /^\d+$/.test(part) ? Number(part) : part;
  });
}
