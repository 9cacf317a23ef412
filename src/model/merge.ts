import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ConfigError, ShapeError } from '../core/error.ts';
import { formatValue, oneOf } from '../core/format.ts';
import { sameShape } from '../core/shape.ts';
import { didYouMean } from '../core/suggest.ts';
import { Branch, endOf, type Origin, sampleShape, tensorOf } from './branch.ts';
import { segmentOf, startSegment } from './place.ts';
import { refuseReserved } from './reserved.ts';

interface Mode {
  /** The layer that joins. */
  readonly layer: () => layers.Layer;
  /** What the shapes of two branches must have in common. */
  readonly fits: (a: readonly number[], b: readonly number[]) => boolean;
  readonly expected: string;
  readonly pairs?: boolean;
}

const alike = { fits: sameShape, expected: 'the same shape' };
const vectors = {
  fits: (a: readonly number[], b: readonly number[]) => a.length === 1 && sameShape(a, b),
  expected: 'vectors of the same length',
  pairs: true,
};

/** The ways to join branches. */
const modes = {
  /** One after the other along the last axis. */
  concat: {
    layer: () => layers.concatenate({ axis: -1 }),
    fits: (a, b) => sameShape(a.slice(0, -1), b.slice(0, -1)) && a.length === b.length,
    expected: 'shapes that differ at most on the last axis',
  },
  sum: { layer: () => layers.add({}), ...alike },
  average: { layer: () => layers.average({}), ...alike },
  max: { layer: () => layers.maximum({}), ...alike },
  multiply: { layer: () => layers.multiply({}), ...alike },
  /** The inner product of two vectors: `[1]`. */
  dot: { layer: () => layers.dot({ axes: -1 }), ...vectors },
  /** The cosine of the angle between two vectors: `[1]`. */
  cosine: { layer: () => layers.dot({ axes: -1, normalize: true }), ...vectors },
} as const satisfies Record<string, Mode>;

/** How branches are joined: along the last axis, element by element, or two vectors into one number. */
export type MergeMode = keyof typeof modes;

/** A layer that joins in this way. It has no weights. */
export const layerOfMode = (mode: MergeMode): layers.Layer => modes[mode].layer();

export const mergeModes = Object.keys(modes) as readonly MergeMode[];

/**
 * Joins branches into one, and freezes them.
 * @param name of the new branch; by default theirs, with + between
 * @throws ConfigError when there is no such mode, are too few branches, or every object has something of that name;
 *   ShapeError naming two branches that don't fit
 */
export function merge(origins: readonly Origin[], mode: MergeMode, { name }: { readonly name?: string } = {}): Branch {
  const names = Object.keys(modes);
  const found: Mode | undefined = Object.hasOwn(modes, mode) ? modes[mode] : undefined;
  if (!found)
    throw new ConfigError({
      where: 'merge mode',
      expected: oneOf(names),
      found: formatValue(mode),
      ...didYouMean(String(mode), names),
    });
  if (!Array.isArray(origins))
    throw new ConfigError({ where: `merge, ${mode}`, expected: 'a list of branches', found: formatValue(origins) });
  const tensors = origins.map(tensorOf);
  const place = name ?? tensors.map(segmentOf).join('+');
  if (tensors.length < 2 || (found.pairs && tensors.length > 2))
    throw new ConfigError({
      where: `merge '${place}', ${mode}`,
      expected: found.pairs ? 'two branches' : 'two branches or more',
      found: `${tensors.length}`,
    });
  refuseReserved(`branch '${place}'`, place);
  checkShapes(mode, found, tensors);
  for (const origin of origins) endOf(origin, `merge '${place}'`);
  const joined = found.layer().apply(tensors) as SymbolicTensor;
  startSegment(joined, place);
  return new Branch(joined);
}

function checkShapes(mode: string, { fits, expected }: Mode, tensors: readonly SymbolicTensor[]): void {
  const [first, ...others] = tensors as [SymbolicTensor, ...SymbolicTensor[]];
  const shown = (tensor: SymbolicTensor): string =>
    `'${segmentOf(tensor)}' [${['batch', ...tensor.shape.slice(1)].map((size) => size ?? '?').join(', ')}]`;
  const issues = others
    .filter((other) => !fits(sampleShape(first), sampleShape(other)))
    .map((other) => ({
      where: `merge, ${mode}`,
      expected: `branches of ${expected}`,
      found: `${shown(first)} and ${shown(other)}`,
    }));
  if (issues.length > 0) throw new ShapeError(issues);
}
