import { isObservable } from 'rxjs';
import { formatValue } from '../../core/format.ts';
import { isLayer } from '../../model/index.ts';
import { Activation, HeadLoss, MergedLoss } from './activation.ts';

/** Something that stood where something else was expected, for errors. */
export function formatFound(found: unknown): string {
  if (found instanceof Activation) return 'an activation';
  if (found instanceof HeadLoss) return `the loss of '${found.head}'`;
  if (found instanceof MergedLoss) return 'a merged loss';
  if (isLayer(found)) return `layer '${found.name}'`;
  if (isObservable(found)) return 'an observable';
  const parts = typeof found === 'object' && found !== null ? Object.values(found) : [];
  const losses = parts.filter((part) => part instanceof HeadLoss);
  if (losses.length > 0 && losses.length === parts.length)
    return `losses that were not merged: ${losses.map(({ head }) => formatValue(head)).join(', ')}`;
  return formatValue(found);
}
