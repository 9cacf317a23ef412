import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Path } from '../../core/zod-issue.ts';

const targets = new WeakMap<Document, ReadonlyMap<Alias, Node | undefined>>();

/** What each alias stands for: the last node before it that has its name. */
function targetsOf(document: Document): ReadonlyMap<Alias, Node | undefined> {
  const known = targets.get(document);
  if (known) return known;
  const [found, anchored] = [new Map<Alias, Node | undefined>(), new Map<string, Node>()];
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) found.set(node, anchored.get(node.source));
      else if (node.anchor !== undefined) anchored.set(node.anchor, node);
    },
  });
  targets.set(document, found);
  return found;
}

/** The node an alias stands for. An alias of nothing stands for nothing. */
export function resolved(node: unknown, document: Document): Node | undefined {
  // The library looks through the whole document for each alias.
  const target = isAlias(node) ? targetsOf(document).get(node) : node;
  return target === undefined || target === null ? undefined : (target as Node);
}

/** The pair of this key: the map's own, or of what is merged into it with `<<`. */
function pairOf(map: YAMLMap, key: string, document: Document): Pair | undefined {
  const named = (name: string): Pair | undefined =>
    map.items.find(({ key: node }) => isScalar(node) && String(node.value) === name);
  const own = named(key);
  const merged = own === undefined && key !== '<<' ? resolved(named('<<')?.value, document) : undefined;
  for (const source of isSeq(merged) ? merged.items : [merged]) {
    const from = resolved(source, document);
    const found = isMap(from) && from !== map ? pairOf(from, key, document) : undefined;
    if (found) return found;
  }
  return own;
}

/**
 * Where the option of this path stands in the text: at its name, or at the item of a list. An option that is missing is
 * looked for where it should be.
 * @returns number of characters before it
 */
export function offsetOf(path: Path, document: Document): number {
  let node = resolved(document.contents, document);
  let offset = node?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = pairOf(node, String(key), document);
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = resolved(pair.value, document);
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(key)];
      if (item === undefined) break;
      offset = (item as Node).range?.[0] ?? offset;
      node = resolved(item, document);
    } else break;
  }
  return offset;
}
