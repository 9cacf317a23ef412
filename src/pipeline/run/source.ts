import { ConfigError } from '../../core/error.ts';
import { oneOf, quote } from '../../core/format.ts';
import { didYouMean } from '../../core/suggest.ts';
import { mapSamples, type SampleSource, sources, type TableSource } from '../../source/index.ts';
import { type Mapping, mappingFields } from '../../source/sample-mapping.ts';
import type { Pipeline } from '../assemble.ts';
import { mediumOf } from '../medium.ts';

/** Which samples a trained model is used on: a source of the pipeline, or a file like the one it was trained on. */
export interface Chosen {
  readonly source?: string;
  readonly data?: string;
}

/**
 * Opens samples for a trained model. Their labels are looked at only where the source was opened for evaluation.
 * @throws ConfigError when there is no such source, or the file does not fit
 */
export async function openSamples(pipeline: Pipeline, { source, data }: Chosen): Promise<SampleSource> {
  const first = pipeline.sources.get(pipeline.trained[0] as string) as SampleSource;
  if (data !== undefined) return openFile(data, pipeline, first);
  const name = source ?? pipeline.evaluation?.from[0] ?? (pipeline.trained[0] as string);
  const opened = pipeline.sources.get(name);
  if (opened?.isEndless)
    throw new ConfigError({
      where: '--source',
      expected: 'a source with an end',
      found: `${quote(name)}, which has none`,
      hint: '--data <file>',
    });
  if (opened) return opened;
  const config = pipeline.config.sources[name];
  const names = Object.keys(pipeline.config.sources);
  if (!config)
    throw new ConfigError({
      where: '--source',
      expected: oneOf(names),
      found: quote(name),
      ...didYouMean(name, names),
    });
  const { like: _, ...own } = config;
  const options = Object.entries(own);
  const medium = Object.fromEntries(options.filter(([option]) => !(option in mappingFields)));
  const mapping = Object.fromEntries(options.filter(([option]) => option in mappingFields)) as Mapping;
  const where = `sources.${name}`;
  const { labels: __, ...features } = mapping;
  return mapSamples(sources.create(medium as never, { name, where }), features, { where, like: first, labels: false });
}

async function openFile(path: string, pipeline: Pipeline, like: SampleSource): Promise<SampleSource> {
  const type = mediumOf(path, '--data');
  const open = (form: Form): TableSource =>
    sources.build({ type, path, ...form }, { name: path, where: '--data' }, '--data') as TableSource;
  const form = formOf(pipeline, type, like);
  const table = open(form.types ? await typed(form, open(form), pipeline, like) : form);
  return mapSamples(table, {} as Mapping, { where: '--data', like, labels: false });
}

/**
 * A form in which columns have the types that they had when they were trained on, whatever the rows of this file would
 * be taken for. Ids stay as they are written. Of what was trained on in another form only texts stay what they were, as
 * its types have other names.
 */
async function typed(
  form: Form,
  table: TableSource,
  pipeline: Pipeline,
  { featureColumns, mapping }: SampleSource,
): Promise<Form> {
  const there = new Set((await table.columns()).map(({ name }) => name));
  const derived = Object.keys(form.derive ?? {});
  const known = featureColumns.flatMap(({ name, kind, type }): readonly (readonly [string, string])[] =>
    areFields(trainedOn(pipeline).type) ? [[name, type]] : kind === 'text' ? [[name, 'VARCHAR']] : [],
  );
  const id = mapping.id === undefined ? [] : [[mapping.id, 'VARCHAR'] as const];
  const own = [...known, ...id].filter(([name]) => there.has(name) && !derived.includes(name));
  return { ...form, types: { ...Object.fromEntries(own), ...form.types } };
}

/** Options that say how a file is written. Which rows and columns of it are read is not among them. */
const formOptions = ['delimiter', 'header', 'names', 'nullText', 'lineBytes', 'maxBytes'];

type Texts = Readonly<Record<string, string>>;

/** Options of a medium; `types` where columns of it may be given some. */
interface Form {
  readonly derive?: Texts;
  readonly types?: Texts;
  readonly [option: string]: unknown;
}

/** Types of files of lines with fields: they differ in what parts the fields alone. */
const fieldTypes = ['csv', 'tsv'];
const areFields = (type: unknown): boolean => fieldTypes.includes(`${type}`);

/** The source that was trained on, or the first of them. */
const trainedOn = ({ config, trained }: Pipeline): Readonly<Record<string, unknown>> =>
  config.sources[trained[0] as string] ?? {};

/** The form of the files that were trained on, for another of their type: what its features need, not what labels did. */
function formOf(pipeline: Pipeline, type: string, like: SampleSource): Form {
  const config = trainedOn(pipeline);
  const isSame = config.type === type;
  const bothFields = areFields(config.type) && areFields(type);
  // Fields are texts: what was trained on says which of them are more than that.
  if (!isSame && !bothFields) return areFields(type) ? { types: {} } : {};
  const read = [...like.featureColumns.map(({ name }) => name), like.mapping.id];
  const only = (of: unknown, isNeeded: (name: string) => boolean): Texts =>
    Object.fromEntries(Object.entries((of ?? {}) as Texts).filter(([name]) => isNeeded(name)));
  const derive = only(config.derive, (name) => read.includes(name));
  const words = Object.values(derive).flatMap((sql) => [...sql.split(/\W+/), ...sql.split('"')]);
  const types = only(config.types, (name) => read.includes(name) || words.includes(name));
  return {
    ...Object.fromEntries(
      Object.entries(config).filter(([option]) => formOptions.includes(option) && (isSame || option !== 'delimiter')),
    ),
    ...(config.derive === undefined ? {} : { derive }),
    ...(bothFields ? { types } : {}),
  };
}
