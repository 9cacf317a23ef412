import { ConfigError } from '../../core/error.ts';
import { type EventSink, ignoreEvents } from '../../core/event.ts';
import { matchNames } from '../../core/pattern.ts';
import { NewHeads, type SampleSource } from '../../source/index.ts';
import type { LoadedPipeline } from '../load.ts';
import type { BuiltModel } from './build.ts';
import type { HeadConfig, ModelConfig } from './schema.ts';

/** Names of heads that were made from the template. */
export const madeHeads = ({ heads }: ModelConfig): readonly string[] =>
  heads.named.flatMap(({ name, isMade }) => (isMade && name !== undefined ? [name] : []));

/**
 * A pipeline with heads that were made from its template: as if it named each of them, after those that it names. Those
 * that it names itself by now are what it says, and those that its template means no more are retired. They are sorted,
 * so that it does not matter which came first.
 */
export function withMadeHeads(loaded: LoadedPipeline, names: readonly string[]): LoadedPipeline {
  const { config } = loaded;
  const { auto, named, ...rest } = config.model.heads;
  if (!auto || names.length === 0) return loaded;
  const { columns, ...template } = auto;
  const isNamed = (name: string): boolean =>
    named.some(
      (head) => head.name === name || (head.columns !== undefined && matchNames(head.columns, [name]).length > 0),
    );
  const made = matchNames(columns, [...new Set(names)].sort())
    .filter((name) => !isNamed(name))
    .map((name): HeadConfig => ({ ...template, name, isMade: true }));
  const heads = { ...rest, auto, named: [...named, ...made] };
  return { ...loaded, config: { ...config, model: { ...config.model, heads } } };
}

/**
 * What makes heads of labels.
 * @param sources those that are trained on
 * @throws ConfigError when no source has labels of heads that nobody named
 */
export function newHeadsOf(
  model: ModelConfig,
  { label: spec, taken }: NonNullable<BuiltModel['template']>,
  sources: readonly SampleSource[],
  events: EventSink = ignoreEvents,
): NewHeads {
  if (!sources.some(({ takesAnyHead }) => takesAnyHead))
    throw new ConfigError({
      where: 'model.heads.auto',
      expected: 'a source that is trained on, with labels in a map or one in each row, which may name any head',
      found: 'none',
      hint: 'labels: { map: <column> }, or { head: <column>, value: <column> }',
    });
  const { auto, max = 0 } = model.heads;
  return new NewHeads({ names: auto?.columns ?? '', max, made: madeHeads(model), taken, spec, events });
}
