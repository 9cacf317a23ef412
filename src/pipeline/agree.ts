import { ConfigError, formatIssue, type Issue, TrunklineError } from '../core/error.ts';
import { oneOf, quote } from '../core/format.ts';
import { formatShape, sameShape } from '../core/shape.ts';
import { didYouMean } from '../core/suggest.ts';
import type { LabelSpec } from '../loss/index.ts';
import type { ModelSpec } from '../model/index.ts';
import type { NewHeads, SampleSource } from '../source/index.ts';
import { joinIssues, readOf } from './join.ts';
import type { ModelConfig } from './model/schema.ts';
import type { PipelineConfig } from './schema/index.ts';

/** @throws ConfigError for every name of a source that there is none of */
export function checkNames(config: PipelineConfig): void {
  const { sources, stream, evaluate } = config;
  const names = Object.keys(sources);
  const stated: readonly (readonly [string, string])[] = [
    ...(typeof stream.from === 'string'
      ? [['stream.from', stream.from] as const]
      : Object.keys(stream.from).map((name) => [`stream.from['${name}']`, name] as const)),
    ...(typeof evaluate?.from === 'string'
      ? [['evaluate.from', evaluate.from] as const]
      : (evaluate?.from ?? []).map((name, at) => [`evaluate.from[${at}]`, name] as const)),
    ...(stream.join ? [['stream.join.labels', stream.join.labels] as const] : []),
  ];
  if (typeof stream.from !== 'string' && stated.length === 0)
    throw new ConfigError({ where: 'stream.from', expected: oneOf(names), found: 'none' });
  const issues = stated
    .filter(([, name]) => !names.includes(name))
    .map(([where, name]): Issue => ({ where, expected: oneOf(names), found: quote(name), ...didYouMean(name, names) }));
  issues.push(...joinIssues(config));
  if (issues.length > 0) throw new ConfigError(issues);
}

/** @throws ConfigError where something is to be done at an end that does not come */
export function checkEnds(
  { checkpoint, evaluate, stream }: PipelineConfig,
  sources: ReadonlyMap<string, SampleSource>,
): void {
  const endless = (names: readonly string[]): string | undefined => names.find((name) => sources.get(name)?.isEndless);
  const trained = endless(readOf(stream));
  const evaluated = endless([evaluate?.from ?? []].flat());
  const found = `source '${trained}', which has no end`;
  const every = (where: string, expected: string, given: unknown, hint: string): readonly Issue[] =>
    trained === undefined || given !== undefined ? [] : [{ where, expected, found, hint }];
  const { everySteps, everyMinutes } = checkpoint;
  const issues: readonly Issue[] = [
    ...(trained === undefined || stream.epochs === 1
      ? []
      : [
          {
            where: 'stream.epochs',
            expected: `1, as that of source '${trained}' never ends`,
            found: `${stream.epochs}`,
          },
        ]),
    ...every('checkpoint', 'a number of steps or minutes', everySteps ?? everyMinutes, 'everyMinutes: 5'),
    ...(evaluate ? every('evaluate', 'a number of steps', evaluate.everySteps, 'everySteps: 500') : []),
    ...(evaluated === undefined
      ? []
      : [{ where: 'evaluate.from', expected: 'a source with an end', found: `'${evaluated}', which has none` }]),
  ];
  if (issues.length > 0) throw new ConfigError(issues);
}

/** @throws ConfigError where a source gives other inputs than the first that is trained on, or needs a fit of its own */
export function checkAlike(
  [first, ...others]: readonly string[],
  evaluated: readonly string[],
  sources: ReadonlyMap<string, SampleSource>,
): void {
  const issues: Issue[] = [];
  const expected = sources.get(first as string)?.inputs ?? {};
  for (const name of new Set([...others, ...evaluated])) {
    const source = sources.get(name) as SampleSource;
    if (source.needsFit) {
      issues.push({
        where: `sources.${name}`,
        expected: `features and labels as source '${first}' learned them`,
        found: 'some that would have to be learned from what is only evaluated',
        hint: `like: ${first}`,
      });
      continue;
    }
    for (const [input, { shape, dtype }] of Object.entries(expected)) {
      const own = source.inputs[input];
      if (own && sameShape(own.shape, shape) && own.dtype === dtype) continue;
      issues.push({
        where: `sources.${name}.features`,
        expected: `${quote(input)} as ${dtype} ${formatShape(shape)}, as source '${first}' gives it`,
        found: own ? `${own.dtype} ${formatShape(own.shape)}` : 'none of that name',
        hint: `like: ${first}`,
      });
    }
  }
  if (issues.length > 0) throw new ConfigError(issues);
}

/** Labels that samples of these sources may have: of heads with a name, any, where nobody says beforehand which. */
export function labelsOf({ heads }: ModelConfig, sources: readonly SampleSource[]): readonly string[] {
  const labels = sources.flatMap((source) => source.heads);
  const named = sources.some(({ takesAnyHead }) => takesAnyHead) ? heads.named.flatMap(({ name }) => name ?? []) : [];
  return [...new Set([...labels, ...named])];
}

/**
 * The sources, their labels checked against what the heads' losses take.
 * @throws ConfigError with every misfit
 */
export function withLabels(
  model: ModelSpec,
  sources: ReadonlyMap<string, SampleSource>,
  newHeads: NewHeads | undefined,
): ReadonlyMap<string, SampleSource> {
  const specs = new Map<string, LabelSpec>();
  for (const { name, shape, objective } of model.heads)
    if (objective) specs.set(name, objective.loss.label(shape, `head "${name}"`));
  const issues: Issue[] = [];
  // What is said of labels is said once, for all sources that have them from one that they are like.
  const told = new Map<unknown, Set<string>>();
  const checked = new Map<string, SampleSource>();
  for (const [name, source] of sources)
    try {
      checked.set(name, source.withLabels(specs, newHeads));
    } catch (error) {
      if (!(error instanceof TrunklineError)) throw error;
      const { labels } = source.mapping;
      const before = told.get(labels) ?? new Set();
      const keyOf = (issue: Issue): string =>
        formatIssue({ ...issue, where: issue.where.replace(`sources.${name}`, '') });
      issues.push(...error.issues.filter((issue) => !before.has(keyOf(issue))));
      told.set(labels, new Set([...before, ...error.issues.map(keyOf)]));
    }
  if (issues.length > 0) throw new ConfigError(issues);
  return checked;
}

/** What is not wrong, but perhaps not meant. */
export function remarksOf(
  model: ModelSpec,
  sources: ReadonlyMap<string, SampleSource>,
  config: PipelineConfig,
): readonly Issue[] {
  const used = new Set(model.inputs.map(({ name }) => name));
  const trained = new Set(
    typeof config.stream.from === 'string' ? [config.stream.from] : Object.keys(config.stream.from),
  );
  const [first = ''] = trained;
  const unused = Object.keys(sources.get(first)?.inputs ?? {}).filter((name) => !used.has(name));
  const endless = trained.size > 1 ? [...trained].filter((name) => sources.get(name)?.isEndless) : [];
  const read = new Set([...readOf(config.stream), ...[config.evaluate?.from ?? []].flat()]);
  for (const name of [...read])
    for (let like = config.sources[name]?.like; like !== undefined; like = config.sources[like]?.like) read.add(like);
  return [
    ...unused.map((name) => ({
      where: 'model',
      expected: `something that begins from the feature ${quote(name)}`,
      found: 'nothing: it is read for no head',
    })),
    ...endless.map((name) => ({
      where: `stream.from['${name}']`,
      expected: 'sources that always have a next row, so that rows of all come as often as is said',
      found: 'one that waits for rows to come: the others wait with it',
    })),
    ...Object.keys(config.sources)
      .filter((name) => !read.has(name))
      .map((name) => ({
        where: `sources.${name}`,
        expected: 'a source that is trained on or evaluated',
        found: 'one that nothing names',
        hint: 'predict may still read it',
      })),
  ];
}
