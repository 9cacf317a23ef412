import { formatTable, type TextColumn } from '../core/text-table.ts';
import { type HeadNotes, type ModelSpec, mermaidOf, type Stage, summarize, svgOf } from '../model/index.ts';
import { readOf } from './join.ts';
import type { Probe } from './probe.ts';
import type { PipelineConfig } from './schema/index.ts';
import { operatorsOf, partsOf, tagsOf } from './stream.ts';

/** What a picture or a text of a pipeline shows. */
export interface Explained {
  readonly config: PipelineConfig;
  /** The configuration as it was written: nothing of it came from the environment. */
  readonly written: unknown;
  readonly model: ModelSpec;
  /** What sources came to that were read, by name. */
  readonly probes: ReadonlyMap<string, Probe>;
}

/** The forms in which a pipeline can be explained. */
export const explanations = {
  text: explainText,
  mermaid: (pipeline: Explained) => mermaidOf(pipeline.model, stagesOf(pipeline), notesOf(pipeline)),
  svg: (pipeline: Explained) => svgOf(pipeline.model, stagesOf(pipeline), notesOf(pipeline)),
} as const satisfies Record<string, (pipeline: Explained) => string>;

const width = 100;
const count = (number: number): string => number.toLocaleString('en-US');

/** What samples come through before they are inputs: the sources that are trained on, then operators. */
function stagesOf({ config, written, probes }: Explained): readonly Stage[] {
  const sources = readOf(config.stream).map((name): Stage => {
    const rows = probes.get(name)?.rows;
    const { type } = config.sources[name] as { readonly type: string };
    const lines = [
      type,
      ...mediumOf(written, name),
      ...taggedOf(config, name),
      ...(rows === undefined ? [] : [`${count(rows)} rows`]),
    ];
    return { kind: 'source', title: name, lines };
  });
  return [...sources, ...operatorsOf(config.stream)];
}

/** How many labels heads have in the samples that were read. */
function notesOf({ config, model, probes }: Explained): HeadNotes {
  const read = readOf(config.stream).flatMap((name) => probes.get(name) ?? []);
  const samples = read.reduce((sum, probe) => sum + probe.samples, 0);
  if (samples === 0) return new Map();
  const where = read.every((probe) => probe.whole) ? '' : ` in the first ${count(samples)} samples`;
  return new Map(
    model.heads.map(({ name }) => {
      const labels = read.reduce((sum, probe) => sum + (probe.labels.get(name) ?? 0), 0);
      return [name, [`${count(labels)} ${labels === 1 ? 'label' : 'labels'}${where}`]];
    }),
  );
}

/** Where a source reads, as it was written. */
function mediumOf(written: unknown, name: string): readonly string[] {
  const sources = (written as { readonly sources?: Readonly<Record<string, unknown>> } | null)?.sources;
  const { path } = (sources?.[name] ?? {}) as { readonly path?: unknown };
  return [path ?? []].flat().map(String);
}

/** What rules of the stream may know a source's rows by. */
function taggedOf({ sources }: PipelineConfig, name: string): readonly string[] {
  const tags = tagsOf(sources, name);
  return tags.length === 0 ? [] : [`tagged ${tags.join(' ')}`];
}

function explainText(pipeline: Explained): string {
  const { config, model, probes } = pipeline;
  return [
    `${config.name}\n`,
    'sources',
    ...sourceLines(pipeline),
    '\nstream',
    ...operatorsOf(config.stream).map(({ title, lines }) => `  ${title.padEnd(10)}  ${lines.join(', ')}`),
    `\n${summarize(model)}\n`,
    ...settings(config),
    ...readOf(config.stream).flatMap((name) => labelLines(name, probes.get(name))),
  ].join('\n');
}

function sourceLines({ config, written, probes }: Explained): readonly string[] {
  const trained = partsOf(config.stream);
  const evaluated = [config.evaluate?.from ?? []].flat();
  const names = Object.keys(config.sources);
  const longest = Math.max(...names.map((name) => name.length));
  return names.map((name) => {
    const { type, like } = config.sources[name] as { readonly type: string; readonly like?: string };
    const rows = probes.get(name)?.rows;
    const said = [
      type,
      ...mediumOf(written, name),
      ...(like === undefined ? [] : [`like ${like}`]),
      ...taggedOf(config, name),
      ...(rows === undefined ? [] : [`${count(rows)} rows`]),
      ...(trained.has(name) ? ['trained on'] : []),
      ...(config.stream.join?.labels === name ? ['labels'] : []),
      ...(evaluated.includes(name) ? ['evaluated'] : []),
    ];
    return `  ${name.padEnd(longest)}  ${said.join(', ')}`;
  });
}

function settings({ model, merge, optimizer, engine, seed, evaluate, checkpoint }: PipelineConfig): readonly string[] {
  const rhythm = (given: {
    readonly everyEpochs?: number | undefined;
    readonly everySteps?: number | undefined;
  }): string =>
    [
      ...(given.everySteps === undefined ? [] : [`every ${count(given.everySteps)} steps`]),
      ...(given.everyEpochs === undefined && given.everySteps !== undefined
        ? []
        : [`every ${given.everyEpochs ?? 1} epochs`]),
    ]
      .join(', ')
      .replace('every 1 epochs', 'each epoch');
  const { auto, max } = model.heads;
  const said: readonly (readonly [string, string])[] = [
    ...(auto ? [['template', `of up to ${max} heads, as labels of them come: ${auto.columns}`] as const] : []),
    ['merge', optionsText(merge)],
    ['optimizer', optionsText(optimizer)],
    ['engine', optionsText(engine)],
    ['seed', String(seed)],
    ...(evaluate ? [['evaluate', `on ${[evaluate.from].flat().join(', ')}, ${rhythm(evaluate)}`] as const] : []),
    ['checkpoint', `${rhythm(checkpoint)}, ${checkpoint.keep} are kept`],
  ];
  return said.map(([what, text]) => `${what.padEnd(10)}  ${text}`);
}

/** `adam: learningRate 0.001, beta1 0.9`. */
function optionsText({ type, ...options }: { readonly type: string }): string {
  const shown = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return shown.length === 0 ? type : `${type}: ${shown.join(', ')}`;
}

const labelColumns: readonly TextColumn[] = [
  { title: 'head', least: 10 },
  { title: 'labels', least: 8, align: 'right' },
  { title: 'of samples', least: 10, align: 'right' },
];

function labelLines(name: string, probe: Probe | undefined): readonly string[] {
  if (probe === undefined) return [];
  const { samples, whole, labels, rejected } = probe;
  const rows = [...labels].map(([head, number]) => [
    head,
    count(number),
    samples === 0 ? '' : `${((100 * number) / samples).toFixed(1)} %`,
  ]);
  const of = `labels in ${whole ? 'all' : 'the first'} ${count(samples)} samples of '${name}'`;
  const left = rejected === 0 ? '' : `; ${count(rejected)} records were rejected`;
  return [`\n${of}${left}\n`, formatTable(labelColumns, rows, width)];
}
