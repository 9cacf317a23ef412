import { ConfigError, formatIssue, type Issue, TrunklineError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';
import { matchNames, unmatched, unmatchedIn } from '../../core/pattern.ts';
import { formatShape, type Shape, sameShape } from '../../core/shape.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { Path } from '../../core/zod-issue.ts';
import type { LabelSpec } from '../../loss/index.ts';
import {
  type Branch,
  fork,
  GraphModel,
  type ModelSpec,
  type OutputOptions,
  release,
  sampleShape,
} from '../../model/index.ts';
import { grow } from './grow.ts';
import { nameOfLayer } from './layers.ts';
import { Origins, type Part, type Reference, type Report } from './origins.ts';
import type { HeadConfig, ModelConfig, TemplateConfig } from './schema.ts';

/** What the source of training samples gives a model. */
export interface Given {
  readonly inputs: Readonly<Record<string, { readonly shape: Shape; readonly dtype: 'float32' | 'int32' }>>;
  /** Labels that samples may have: heads are made for them. */
  readonly labels: readonly string[];
  /** Seed of first values. */
  readonly seed: number;
  /** The place of an option below `model`, for errors. */
  readonly where: (path: Path) => string;
}

/** A model, and what is known of the heads that may be added to it. */
export interface BuiltModel {
  readonly spec: ModelSpec;
  readonly template?: {
    /** What their labels must be. */
    readonly label: LabelSpec;
    /** Names that they can't have. */
    readonly taken: ReadonlySet<string>;
  };
}

/**
 * The model that a pipeline describes: the same that `Graph` makes of the same layers.
 * @throws ConfigError with everything that is wrong
 */
export function buildModel(config: ModelConfig, given: Given): BuiltModel {
  const issues: Issue[] = [];
  const said = new Set<string>();
  const report: Report = (path, issue) => {
    const whole = { where: given.where(path), ...issue };
    // What is wrong with one entry of `heads` is wrong with each head it makes.
    if (!said.has(formatIssue(whole))) issues.push(whole);
    said.add(formatIssue(whole));
  };
  const model = new GraphModel(given.seed);
  const inputs = makeInputs(model, config, given, report);
  const only = inputs.size === 1 ? [...inputs.keys()][0] : undefined;
  const start = (
    name: string | undefined,
    path: Path,
    what: string,
    fallback: string | undefined,
  ): readonly Reference[] => {
    const begun = name ?? fallback;
    if (begun !== undefined) return [{ name: begun, path }];
    report(path.slice(0, -1), {
      expected: `'from', because there are several inputs`,
      found: `none for the ${what}`,
      hint: `from: ${[...inputs.keys()].join(' | ')}`,
    });
    return [];
  };
  const parts = partsOf(config, start, only);
  const origins = new Origins(inputs, parts, report);
  origins.buildAll();
  const trunk = parts.has('trunk') ? 'trunk' : only;
  const made = new Map<string, number>();
  const { named, auto } = config.heads;
  for (const [at, head] of named.entries()) {
    const path = auto ? ['heads', 'named', at] : ['heads', at];
    const [reference] = start(head.from, [...path, 'from'], 'head', trunk);
    const origin = reference && origins.find(reference);
    for (const name of namesOf(head, path, given.labels, report)) {
      const before = made.get(name);
      if (before === undefined) made.set(name, at);
      else report(path, { expected: 'one head for each label', found: `${quote(name)}, as in heads[${before}]` });
      if (origin && before === undefined) makeHead(model, name, head, origin, path, report);
    }
  }
  const label = auto && templateLabel(auto, start, origins, trunk, report);
  if (issues.length > 0) throw new ConfigError(issues);
  const spec = model.describe({ mayHaveNone: auto !== undefined });
  return { spec, ...(label ? { template: { label, taken: new Set([...origins.names, ...namesIn(spec)]) } } : {}) };
}

/** What labels of heads must be that are made from a template; undefined where something is wrong with it. */
function templateLabel(
  auto: TemplateConfig,
  start: Start,
  origins: Origins,
  trunk: string | undefined,
  report: Report,
): LabelSpec | undefined {
  const path = ['heads', 'auto'];
  auto.layers.forEach((layer, at) => {
    const name = nameOfLayer(layer);
    if (name === undefined) return;
    const expected = 'a layer without a name of its own, as each head has one';
    report([...path, 'layers', at], { expected, found: quote(name) });
  });
  const [reference] = start(auto.from, [...path, 'from'], 'template', trunk);
  const origin = reference && origins.find(reference);
  if (!origin) return undefined;
  // In a model of its own: this one has no head that nobody has asked for.
  const example = new GraphModel();
  const name = 'auto';
  makeHead(example, name, auto, origin, path, report);
  const [{ tensor, objective } = {}] = example.outputs;
  if (tensor) release(tensor, [origin.tensor]);
  return tensor && objective?.loss.label(sampleShape(tensor), `head "${name}"`);
}

/** Names of a model's heads, branches and layers. */
function namesIn({ heads, groups }: ModelSpec): readonly string[] {
  const ofLayers = groups.flatMap(({ name, branch }) => [branch, name, name.split('/')[0] as string]);
  return [...heads.map(({ name }) => name), ...ofLayers];
}

type Start = (name: string | undefined, path: Path, what: string, fallback: string | undefined) => readonly Reference[];

/** The trunk, branches and merges, by name. */
function partsOf(
  { trunk, branches, merges }: ModelConfig,
  start: Start,
  only: string | undefined,
): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  if (trunk !== undefined) {
    const isList = Array.isArray(trunk);
    const { from, layers } = isList ? { from: undefined, layers: trunk } : trunk;
    const layersPath = isList ? ['trunk'] : ['trunk', 'layers'];
    parts.set('trunk', { path: ['trunk'], from: start(from, ['trunk', 'from'], 'trunk', only), layers, layersPath });
  }
  for (const [name, { from, layers }] of Object.entries(branches)) {
    const path = ['branches', name];
    const begun = start(from, [...path, 'from'], 'branch', trunk === undefined ? only : 'trunk');
    parts.set(name, { path, from: begun, layers, layersPath: [...path, 'layers'] });
  }
  for (const [name, { from, mode, layers }] of Object.entries(merges)) {
    const path = ['merges', name];
    const joined = from.map((part, at) => ({ name: part, path: [...path, 'from', at] }));
    parts.set(name, { path, from: joined, mode, layers, layersPath: [...path, 'layers'] });
  }
  return parts;
}

/** Inputs as the source gives them, once it is known that the pipeline means the same. */
function makeInputs(
  model: GraphModel,
  { inputs }: ModelConfig,
  given: Given,
  report: Report,
): ReadonlyMap<string, Branch> {
  const names = Object.keys(given.inputs);
  const branches = new Map<string, Branch>();
  for (const [name, stated] of Object.entries(inputs ?? {})) {
    const path = ['inputs', name];
    const feature = given.inputs[name];
    const { shape, dtype } = 'shape' in stated ? stated : { shape: stated, dtype: feature?.dtype };
    const from = `${dtype} ${formatShape(shape)}`;
    if (feature === undefined)
      report(path, {
        expected: `a feature of the source: ${names.map(quote).join(', ')}`,
        found: quote(name),
        ...didYouMean(name, names),
      });
    else if (!sameShape(feature.shape, shape) || feature.dtype !== dtype)
      report(path, { expected: `${feature.dtype} ${formatShape(feature.shape)}, as the source gives it`, found: from });
  }
  for (const [name, { shape, dtype }] of Object.entries(given.inputs)) {
    if (inputs && !(name in inputs)) continue;
    try {
      branches.set(name, model.input(name, shape, { dtype }));
    } catch (error) {
      if (!(error instanceof TrunklineError)) throw error;
      for (const { where: _, ...issue } of error.issues) report(['inputs', name], issue);
    }
  }
  return branches;
}

/** The heads that an entry of `heads` is about. */
function namesOf(
  { columns, name, loss }: HeadConfig,
  path: Path,
  labels: readonly string[],
  report: Report,
): readonly string[] {
  // Without a loss it needs no labels.
  if (name !== undefined && (loss === undefined || labels.includes(name))) return [name];
  const [option, issues] =
    name === undefined
      ? (['columns', unmatchedIn('', columns ?? '', 'label', labels)] as const)
      : (['name', [unmatched('', name, 'label', labels)]] as const);
  for (const { where: _, ...issue } of issues) report([...path, option], issue);
  return name === undefined ? matchNames(columns ?? '', labels) : [];
}

function makeHead(
  model: GraphModel,
  name: string,
  head: HeadConfig | TemplateConfig,
  origin: Branch,
  path: Path,
  report: Report,
): void {
  const { columns, name: _, from: __, isMade, layers, loss, ...options } = head as HeadConfig;
  const end = layers.length === 0 ? origin : (fork(origin, [name])[0] as Branch);
  const growth = { layers, path: [...path, 'layers'], report, ...(columns === undefined ? {} : { prefix: name }) };
  if (layers.length > 0 && !grow(end, growth)) return;
  try {
    // One that may be made at any time changes no bit of the others.
    const apart = isMade ? { fuse: false } : {};
    model.output(name, end, { ...options, ...apart, ...(loss === undefined ? {} : { loss }) } as OutputOptions);
  } catch (error) {
    if (!(error instanceof TrunklineError)) throw error;
    for (const { where, ...issue } of error.issues) {
      const metric = head.metrics.findIndex(({ type }) => where.endsWith(`, ${type}`));
      report(metric < 0 ? path : [...path, 'metrics', metric], issue);
    }
  }
}
