import type { Chunk, Json } from '../core/chunk.ts';
import { parseConfig } from '../core/config.ts';
import { ConfigError, type Issue } from '../core/error.ts';
import { unmatched } from '../core/pattern.ts';
import type { LabelSpec } from '../loss/index.ts';
import { entitySource } from './entity.ts';
import type { NewHeads } from './new-heads.ts';
import { Inputs } from './sample-inputs.ts';
import type { FittedLabels, Labels } from './sample-labels.ts';
import { LongLabels } from './sample-long-labels.ts';
import { MapLabels } from './sample-map-labels.ts';
import { MappedSamples } from './sample-mapped.ts';
import {
  type ClassName,
  type LabelMapping,
  type Mapping,
  type MappingConfig,
  mappingSchema,
} from './sample-mapping.ts';
import { metaColumns } from './sample-meta.ts';
import type { LabelScale } from './sample-rule.ts';
import { columnsOf } from './sample-state.ts';
import { WideLabels } from './sample-wide-labels.ts';
import type { ReceiveOptions, Receiver, Source, TableColumn, TableSource } from './source.ts';

/** A source that makes samples of the rows of a table. */
export interface SampleSource extends Source {
  readonly mapping: Mapping;
  /** Whether the training source has to be looked at once before anything is read. */
  readonly needsFit: boolean;
  /** Looks at all rows once, for features and labels that need it. @throws TrunklineError when the medium fails */
  fit(signal: AbortSignal): Promise<void>;
  /** What was fitted, for checkpoints. */
  state(): Json;
  /** Goes on with what was fitted before. @throws ConfigError when it is the state of something else */
  restore(state: Json): void;
  /** How labels are moved before they are trained, by head: predictions are to be moved back. */
  labelScales(): ReadonlyMap<string, LabelScale>;
  /** What classes are called in labels, in their order, by head: those that have names. */
  labelClasses(): ReadonlyMap<string, readonly ClassName[]>;
  /**
   * The same samples, their labels checked against what the heads' losses take.
   * @param newHeads what labels of other heads may become, where they may
   * @throws ConfigError with everything that does not fit
   */
  withLabels(specs: ReadonlyMap<string, LabelSpec>, newHeads?: NewHeads): SampleSource;
  /** Whether samples may have labels of any head: nobody says beforehand which. */
  readonly takesAnyHead: boolean;
  /** How many rows the medium has, where that can be known without reading them all. */
  countRows(signal?: AbortSignal): Promise<number | undefined>;
  /** The files that are read; none where it is not files. */
  files(): Promise<readonly string[]>;
  /** The columns that features read: what a record needs that a prediction is asked for. */
  readonly featureColumns: readonly TableColumn[];
  /**
   * Samples without labels of records that have those columns.
   * @param where they stand, for errors
   * @throws SourceError with what is wrong with the first of those that can't be samples
   */
  samplesOf(records: readonly unknown[], where: string): Promise<Chunk>;
  /** Begins to take what others send; undefined where the medium is none that is sent to. */
  receive(options: ReceiveOptions): Promise<Receiver | undefined>;
}

/** What the samples of a table are made for. */
export interface SamplesOptions {
  /** Where the mapping stands, for errors; the table's name when left out. */
  readonly where?: string;
  /** Samples of another table with the same mapping: what that one fitted serves here too. */
  readonly like?: SampleSource;
  /** Whether labels are looked at; not, for predictions. */
  readonly labels?: boolean;
  /** Whether rows are labels alone, whose samples come from elsewhere and have their ids: features are left out. */
  readonly labelsOnly?: boolean;
  /** Whether labels make heads that nobody named: those of a long table are not looked for beforehand then. */
  readonly makesHeads?: boolean;
  /** The columns as they were, for where the table is not there any more. */
  readonly remembered?: readonly TableColumn[];
  /** Ends the look at the table; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Samples of a table, by what its columns are said to mean.
 * @throws ConfigError with everything that is wrong: options, and columns that are not there or of another kind
 */
export async function samples(
  table: TableSource,
  config: MappingConfig,
  options: SamplesOptions = {},
): Promise<SampleSource> {
  return mapSamples(table, parseConfig(mappingSchema, config, options.where ?? table.name), options);
}

/**
 * `samples`, from a mapping that was checked.
 * @throws ConfigError when columns are not there, or of another kind
 */
export async function mapSamples(
  table: TableSource,
  own: Mapping,
  options: SamplesOptions = {},
): Promise<SampleSource> {
  const { where = table.name, like, labels: wanted = true, labelsOnly = false, remembered, signal } = options;
  const { features, ...rest } = like === undefined ? own : { ...like.mapping, ...definedIn(own) };
  const mapping: Mapping = labelsOnly ? rest : { ...rest, features };
  const columns = await columnsOf(table, remembered, signal);
  const names = columns.map(({ name }) => name);
  const issues: Issue[] = [];
  const shared = like instanceof MappedSamples && own.features === undefined && !labelsOnly ? like : undefined;
  if (labelsOnly) issues.push(...labelIssues(mapping, where));
  else if (mapping.features === undefined)
    issues.push({
      where: `${where}.features`,
      expected: 'the inputs of the model, and how columns become them',
      found: 'none',
      hint: 'features: { x: tensor }',
    });
  const inputs = shared?.features ?? Inputs.build(mapping.features ?? {}, columns, `${where}.features`, issues);
  if (shared) issues.push(...shared.features.missingIn(columns, `${where}.features`));
  const isShared = like instanceof MappedSamples && own.labels === undefined;
  const fitted = (isShared ? like.fittedLabels : undefined) ?? { scales: new Map(), heads: undefined };
  const labelled = wanted ? mapping.labels : undefined;
  const place = `${where}.labels`;
  const labels = labelled && labelsOf(labelled, options.makesHeads ?? false, columns, place, fitted, issues);
  for (const name of metaColumns(mapping))
    if (!names.includes(name)) issues.push(unmatched(where, name, 'column', names));
  if (issues.length > 0) throw new ConfigError(issues);
  const group = labelled?.form === 'long' && !table.isEndless ? labelled.group : undefined;
  return new MappedSamples({
    table: group === undefined ? table : entitySource(table, group),
    columns,
    mapping,
    where,
    inputs,
    labels,
    fittedLabels: fitted,
  });
}

function labelsOf(
  mapping: LabelMapping,
  makesHeads: boolean,
  columns: readonly TableColumn[],
  where: string,
  fitted: FittedLabels,
  issues: Issue[],
): Labels {
  switch (mapping.form) {
    case 'long':
      return LongLabels.build(mapping, makesHeads, columns, where, fitted, issues);
    case 'map':
      return MapLabels.build(mapping, columns, where, fitted, issues);
    default:
      return WideLabels.build(mapping, columns, where, fitted, issues);
  }
}

/** What labels that come apart from their samples lack. */
function labelIssues({ id, labels }: Mapping, where: string): readonly Issue[] {
  const found = 'none';
  return [
    ...(id === undefined
      ? [{ where: `${where}.id`, expected: 'the column of the ids of the samples', found, hint: 'id: <column>' }]
      : []),
    ...(labels === undefined ? [{ where: `${where}.labels`, expected: 'the columns of the labels', found }] : []),
  ];
}

/**
 * Looks at all rows of the training source once, if need be.
 * @param signal ends the look; what was asked for then rejects with its reason
 * @throws TrunklineError when the source fails
 */
export async function fitFeatures(source: SampleSource, signal = new AbortController().signal): Promise<void> {
  if (source.needsFit) await source.fit(signal);
}

function definedIn(mapping: Mapping): Partial<Mapping> {
  return Object.fromEntries(Object.entries(mapping).filter(([, value]) => value !== undefined));
}
