import { LineCounter, parseDocument } from 'yaml';
import { placeOf } from '../../core/config.ts';
import { ConfigError, type Issue } from '../../core/error.ts';
import { formatBytes } from '../../core/format.ts';
import type { Finding, Path } from '../../core/zod-issue.ts';
import { type Environment, redactor } from './environment.ts';
import { offsetOf } from './place.ts';
import { wordingOf } from './syntax.ts';
import { valuesOf } from './value.ts';

/** A configuration as a file gave it, and what is needed to speak of it. */
export interface Written {
  /** The environment filled in. */
  readonly value: unknown;
  /** As it was written: `${NAME}` stays. What manifests and reports show. */
  readonly written: unknown;
  /** The place of an option: `tox21.yaml:14:11  model.heads[0].loss`. */
  readonly where: (path: Path) => string;
  /** Puts `${NAME}` in place of what came from the environment. */
  readonly redact: (text: string) => string;
  /** Texts that the environment could not fill in: what else is said of them, and of what they are in, may be due to that. */
  readonly unfilled?: readonly Finding[];
}

/** Bytes a pipeline file may have. */
const mostBytes = 8 * 2 ** 20;

/**
 * Reads YAML, or JSON, which is YAML too.
 * @param file its name, for errors
 * @throws ConfigError with every fault in the YAML, each with line and column
 */
export function readDocument(text: string, file: string, environment: Environment): Written {
  if (text.length > mostBytes)
    throw new ConfigError({
      where: file,
      expected: `at most ${formatBytes(mostBytes)}`,
      found: formatBytes(text.length),
    });
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  refuseDeep(text, file);
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const issues = new Map<string, Issue>();
  for (const error of [...document.errors, ...document.warnings]) {
    const { line } = lines.linePos(error.pos[0]);
    // One fault often makes several: the first of a line says what is wrong.
    const key = String(line);
    if (!issues.has(key))
      issues.set(key, { where: at(error.pos[0]), ...wordingOf(error, text.split('\n')[line - 1] ?? '') });
  }
  if (issues.size > 0) throw new ConfigError([...issues.values()]);
  const faults: Issue[] = [];
  const { value, written, used, unfilled } = valuesOf(document, environment, (node, fault) =>
    faults.push({ where: at(node?.range?.[0] ?? 0), ...fault }),
  );
  if (faults.length > 0) throw new ConfigError(faults);
  const where = (path: Path): string => {
    const option = placeOf(path, '');
    return `${at(offsetOf(path, document))}${option === '' ? '' : `  ${option}`}`;
  };
  return { value, written, where, redact: redactor(used), unfilled };
}

/** How deep brackets, and lists in lists, may be nested. */
const deepest = 200;

/**
 * What is nested without end is refused before the parser follows it. Brackets in texts are counted too: so many that
 * are not closed are in no pipeline.
 */
function refuseDeep(text: string, file: string): void {
  let depth = 0;
  let most = 0;
  for (const character of text) {
    if (character === '[' || character === '{') most = Math.max(most, ++depth);
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1);
  }
  const indented = /^ *(?:[-?] +){200}|^ {2000}/m.test(text);
  if (most > deepest || indented)
    throw new ConfigError({
      where: file,
      expected: `lists and objects at most ${deepest} deep`,
      found: 'more, or brackets that are not closed',
    });
}
