import { formatIssue, type Issue, TrunklineError } from '../../core/error.ts';
import { formatShape } from '../../core/shape.ts';
import type { Path } from '../../core/zod-issue.ts';
import { Branch } from '../../model/index.ts';
import { makeLayer, type ParsedLayer } from './layers.ts';

/** Where and how layers are added. */
export interface Growth {
  readonly layers: readonly ParsedLayer[];
  /** Where the list of layers stands. */
  readonly path: Path;
  /** Put before the names that the user gave layers: a head's, where each head of several has such layers. */
  readonly prefix?: string;
  readonly report: (path: Path, issue: Omit<Issue, 'where'>) => void;
}

/**
 * Adds layers to a branch.
 * @returns what can be begun from: the layers that have a name, by it; undefined when a layer does not fit
 */
export function grow(branch: Branch, growth: Growth): ReadonlyMap<string, Branch> | undefined {
  const named = new Map<string, Branch>();
  for (const [at, config] of growth.layers.entries()) {
    const before = branch.shape;
    const issue = addLayer(branch, config, growth.prefix, named) ?? emptyAxis(branch.shape);
    if (issue === undefined) continue;
    const given = `[${['batch', ...before.map((size) => size ?? '?')].join(', ')}]`;
    growth.report([...growth.path, at], { ...issue, expected: `a layer that takes ${given}` });
    return undefined;
  }
  return named;
}

/** @returns what is wrong */
function addLayer(
  branch: Branch,
  config: ParsedLayer,
  prefix: string | undefined,
  named: Map<string, Branch>,
): { readonly found: string } | undefined {
  try {
    const { layer, name } = makeLayer(config);
    branch.add(layer);
    if (name !== undefined) {
      // Once weights have their first names: as tf.layers makes them, it refuses what heads may be called.
      if (prefix !== undefined) layer.name = `${prefix}/${name}`;
      named.set(name, new Branch(branch.tensor));
    }
    return undefined;
  } catch (error) {
    const message =
      error instanceof TrunklineError ? error.issues.map(formatIssue).join('; ') : (error as Error).message;
    return { found: `one that does not: ${message}` };
  }
}

function emptyAxis(shape: readonly (number | null)[]): { readonly found: string; readonly hint: string } | undefined {
  if (shape.every((size) => size === null || size > 0)) return undefined;
  return {
    found: `one that leaves nothing of it: ${formatShape(shape.map((size) => size ?? -1))}`,
    hint: 'a smaller kernel or window, or padding: same',
  };
}
