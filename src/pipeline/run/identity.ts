import type { Json } from '../../core/chunk.ts';
import type { Path } from '../../core/zod-issue.ts';
import type { Pipeline } from '../assemble.ts';
import type { HeadConfig, TemplateConfig } from '../model/schema.ts';

/**
 * What must be the same for a run to go on: what decides the numbers, and not how long it trains or what it leaves. Heads
 * are told apart by what they are called, whatever their order. Their weights, rates and whether they are frozen are
 * runtime inputs, which the run keeps itself.
 */
export function identityOf({ config }: Pick<Pipeline, 'config'>): Json {
  const { seed, sources, stream, model, merge, optimizer, engine, guard } = config;
  const { epochs: _, steps: __, ...order } = stream;
  const { auto } = model.heads;
  const heads = Object.fromEntries(
    model.heads.named.map(({ isMade: _, ...head }) => [head.name ?? head.columns, withoutChoices(head)]),
  );
  const read = Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, withoutLimits(source)]));
  const guarded = guard.spike ? { guard: { spike: guard.spike } } : {};
  const decisive = {
    ...guarded,
    seed,
    sources: read,
    stream: order,
    model: { ...model, heads, ...(auto ? { auto: { ...withoutChoices(auto), columns: undefined } } : {}) },
    merge,
    optimizer,
    engine,
  };
  // As it comes back from a file.
  return JSON.parse(JSON.stringify(decisive)) as Json;
}

/** A head without what may be another at any time. */
function withoutChoices({ weight, learningRate, frozen, metrics, prequential, ...head }: HeadConfig | TemplateConfig) {
  return head;
}

/** A source without what decides only how much of it is taken at a time, and what is refused. */
function withoutLimits(source: object): object {
  const { limits: _, idempotency: __, path: ___, ...rest } = source as Readonly<Record<string, unknown>>;
  return 'limits' in source ? rest : source;
}

/** Places of the identity that may change while a run goes on. `*` is any one name, and what is below goes with it. */
const changeable: readonly (readonly string[])[] = [
  ['sources', '*', 'labels'],
  ['sources', '*', 'tags'],
  ['merge', '*'],
  ['optimizer', '*'],
  ['guard'],
  ['stream', 'batch'],
  ['stream', 'route'],
];

/** What among those decides what is remembered of every step: that needs a restart with `--partial`. */
const fixed: readonly (readonly string[])[] = [
  ['merge', 'type'],
  ['optimizer', 'type'],
];

/**
 * Whether a run goes on although what stands at this place of its identity is another now: heads may come and go whole,
 * optimizer, merging and batches may be set otherwise. A head that stays has the layers and the loss that it had, and so has
 * a template.
 */
export function isReloadable(path: Path): boolean {
  if (path[0] === 'model') return path.length === (path[1] === 'heads' ? 3 : path[1] === 'auto' ? 2 : 0);
  return changeable.some((place) => begins(path, place)) && !fixed.some((place) => begins(path, place));
}

const begins = (path: Path, place: readonly string[]): boolean =>
  place.every((name, at) => path[at] !== undefined && (name === '*' || name === String(path[at])));
