import { type Document, isScalar, LineCounter, type Node, visit } from 'yaml';
import { placeOf } from '../../core/config.ts';
import { ConfigError, type Issue } from '../../core/error.ts';
import { formatBytes } from '../../core/format.ts';
import type { Finding, Path } from '../../core/zod-issue.ts';
import { type Environment, redactor } from './environment.ts';
import { deepest, parse } from './parse.ts';
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
const mostBytes = 2 * 2 ** 20;

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
  const parsed = parse(text, lines);
  if ('deepAt' in parsed)
    throw new ConfigError({
      where: at(parsed.deepAt),
      expected: `lists and objects at most ${deepest} deep`,
      found: 'more, or brackets that are not closed',
    });
  const { document } = parsed;
  const texts = text.split('\n');
  const issues = new Map<number, Issue>();
  // One fault often makes several: the first of a line says what is wrong.
  const add = (offset: number, wording: (text: string) => Omit<Issue, 'where'>): void => {
    const { line } = lines.linePos(offset);
    if (!issues.has(line)) issues.set(line, { where: at(offset), ...wording(texts[line - 1] ?? '') });
  };
  for (const error of document.errors) add(error.pos[0], (line) => wordingOf(error, line));
  for (const { range } of repeatedNames(document)) add(range?.[0] ?? 0, () => repeated);
  for (const warning of document.warnings) add(warning.pos[0], (line) => wordingOf(warning, line));
  if (issues.size > 0) throw new ConfigError([...issues].sort(([one], [other]) => one - other).map(([, own]) => own));
  const faults: Issue[] = [];
  const values = valuesOf(document, environment, (node, fault) =>
    faults.push({ where: at(node?.range?.[0] ?? 0), ...fault }),
  );
  if (faults.length > 0) throw new ConfigError(faults);
  const redact = redactor(values.used);
  const where = (path: Path): string => {
    const option = redact(placeOf(path, ''));
    return `${at(offsetOf(path, document))}${option === '' ? '' : `  ${option}`}`;
  };
  return { value: values.value, written: values.written, where, redact, unfilled: values.unfilled };
}

const repeated = { expected: 'each option once', found: 'one that was given before' };

/** Names of options that stand in one object before. */
function repeatedNames(document: Document): readonly Node[] {
  const found: Node[] = [];
  visit(document, {
    Map(_, { items }) {
      const names = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (names.has(name)) found.push(key);
        names.add(name);
      }
    },
  });
  return found;
}
