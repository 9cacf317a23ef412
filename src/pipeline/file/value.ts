import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import type { Issue } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import type { Finding, Path } from '../../core/zod-issue.ts';
import { type Environment, interpolate } from './environment.ts';
import { resolved } from './place.ts';

/** What a document says, with the environment filled in, and as it was written. */
export interface Values {
  readonly value: unknown;
  readonly written: unknown;
  readonly used: ReadonlyMap<string, string>;
  /** Texts that the environment could not fill in. Their values are as they were written. */
  readonly unfilled: readonly Finding[];
}

/** Values that a document may come to, where aliases repeat what stands in it once. */
const mostValues = 100_000;

type Fault = Omit<Issue, 'where'>;
type Report = (node: Node, fault: Fault) => void;

/** Reads the values of a document. What is wrong is reported with the node it is about. */
export function valuesOf(document: Document, environment: Environment, report: Report): Values {
  const reader = new Reader(document, environment, report);
  const { value, written } = reader.read(document.contents, []);
  return { value, written, used: reader.used, unfilled: reader.unfilled };
}

type Both = { readonly value: unknown; readonly written: unknown };
const nothing: Both = { value: null, written: null };

class Reader {
  readonly used = new Map<string, string>();
  readonly unfilled: Finding[] = [];
  readonly #document: Document;
  readonly #environment: Environment;
  readonly #report: Report;
  /** Nodes around the one that is read: an alias of one of them would never end. */
  readonly #around = new Set<Node>();
  #count = 0;

  constructor(document: Document, environment: Environment, report: Report) {
    this.#document = document;
    this.#environment = environment;
    this.#report = report;
  }

  read(given: unknown, path: Path): Both {
    const node = resolved(given, this.#document);
    if (node === undefined) {
      if (isAlias(given)) this.#report(given, { expected: 'an anchor that was set before', found: `*${given.source}` });
      return nothing;
    }
    if (this.#around.has(node)) {
      this.#report(given as Node, { expected: 'an alias of something else', found: 'one of what it is part of' });
      return nothing;
    }
    if (++this.#count > mostValues) {
      if (this.#count === mostValues + 1)
        this.#report(given as Node, {
          expected: `at most ${mostValues} values`,
          found: 'more, as aliases repeat them',
          hint: 'write out what is meant',
        });
      return nothing;
    }
    if (isScalar(node)) return this.#scalar(node, path);
    this.#around.add(node);
    const both = isSeq(node) ? this.#list(node.items, path) : isMap(node) ? this.#object(node.items, path) : nothing;
    this.#around.delete(node);
    return both;
  }

  #scalar(node: Scalar, path: Path): Both {
    const { value } = node;
    if (typeof value !== 'string' || !value.includes('${')) return { value, written: value };
    const { text, used, faults } = interpolate(value, this.#environment);
    for (const fault of faults) this.unfilled.push({ path, ...fault });
    for (const [name, from] of used) this.used.set(name, from);
    return { value: node.type === 'PLAIN' ? unquoted(text) : text, written: value };
  }

  #list(items: readonly unknown[], path: Path): Both {
    const both = items.map((item, at) => this.read(item, [...path, at]));
    return { value: both.map(({ value }) => value), written: both.map(({ written }) => written) };
  }

  #object(pairs: readonly { readonly key: unknown; readonly value: unknown }[], path: Path): Both {
    const entries = new Map<string, Both>();
    const merged: Both[] = [];
    for (const { key, value } of pairs) {
      if (!isScalar(key) || key.value === null || typeof key.value === 'object') {
        this.#report(key as Node, { expected: 'the name of an option', found: formatValue(jsOf(key)) });
        continue;
      }
      if (key.value === '<<' && key.type === 'PLAIN') merged.push(...this.#merged(value as Node, path));
      else entries.set(String(key.value), this.read(value, [...path, String(key.value)]));
    }
    const side = (which: keyof Both): object =>
      Object.assign(
        Object.create(null),
        ...[...merged].reverse().map((from) => from[which]),
        Object.fromEntries([...entries].map(([name, both]) => [name, both[which]])),
      );
    return { value: plain(side('value')), written: plain(side('written')) };
  }

  /** The objects that `<<` merges in: those that come first count. */
  #merged(node: Node, path: Path): readonly Both[] {
    const target = resolved(node, this.#document);
    const sources = isSeq(target) ? target.items : [node];
    return sources.map((source) => {
      const both = this.read(source, path);
      if (isMap(resolved(source, this.#document))) return both;
      this.#report(node, { expected: 'an object to merge in with <<', found: formatValue(both.written) });
      return { value: {}, written: {} };
    });
  }
}

/** An ordinary object, `__proto__` being a name like others. */
const plain = (object: object): unknown => Object.fromEntries(Object.entries(object));

const jsOf = (node: unknown): unknown => (isScalar(node) ? node.value : isSeq(node) ? node.items : node && {});

/** What a text without quotes means once the environment was filled in: a number, a truth value, or text. */
function unquoted(text: string): unknown {
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  return /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}
