import type { LabelScale, SampleSource } from '../../source/index.ts';
import type { Pipeline } from '../assemble.ts';

/** How labels are moved before they are trained, by head: those that are. */
export function scalesOf({ read, sources }: Pick<Pipeline, 'read' | 'sources'>): ReadonlyMap<string, LabelScale> {
  // Where several sources have labels of a head, the first that is trained on says what they are.
  const opened = [...read].reverse().map((name) => sources.get(name) as SampleSource);
  return new Map(opened.flatMap((source) => [...source.labelScales()]));
}

/** Names that are shown of many. */
const mostNames = 8;

/** Of which heads, and in what. */
export type Unit = readonly [of: string, unit: string];

/** In what losses and errors are of heads whose labels are moved before they are trained. */
export function unitsOf(scales: ReadonlyMap<string, LabelScale>): readonly Unit[] {
  const heads = new Map<string, string[]>();
  for (const [head, scale] of scales) heads.set(unitOf(scale), [...(heads.get(unitOf(scale)) ?? []), head]);
  return [...heads].map(([unit, names]): Unit => {
    const shown = names.slice(0, mostNames).join(', ');
    const more = names.length > mostNames ? `, … (${names.length})` : '';
    return [`losses and errors of ${shown}${more}`, `in ${unit} of the labels`];
  });
}

function unitOf({ mean, scale, log10 }: LabelScale): string {
  const isStandardized = mean.some((value) => value !== 0) || scale.some((value) => value !== 1);
  if (!log10) return 'standard deviations';
  return isStandardized ? 'standard deviations of the logarithms' : 'logarithms';
}

/** The same in lines. */
export const unitLines = (units: readonly Unit[]): readonly string[] => units.map((unit) => unit.join(': '));
