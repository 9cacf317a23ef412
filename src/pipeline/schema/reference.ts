import { stringify } from 'yaml';
import type { z } from 'zod';
import type { AnyPlugin, Family } from '../../core/plugin.ts';
import { engines } from '../../engine/index.ts';
import { features } from '../../feature/index.ts';
import { losses } from '../../loss/index.ts';
import { merges } from '../../merge/index.ts';
import { metrics } from '../../metric/index.ts';
import { optimizers, schedules } from '../../optimizer/index.ts';
import { sources } from '../../source/index.ts';
import { labelForms, mappingFields } from '../../source/sample-mapping.ts';
import { pipelineLayers } from '../layer/index.ts';
import { modelParts } from '../model/schema.ts';
import { type DescribedOption, describeOptions, type Links } from './describe.ts';
import { pipelineSchema } from './index.ts';
import { checkpointSchema, evaluateSchema, metricsSchema } from './run.ts';
import { sourceFields } from './source.ts';
import { streamSchema } from './stream.ts';

type AnyFamily = Family<AnyPlugin>;

interface Section {
  readonly title: string;
  readonly link: string;
  readonly family: AnyFamily;
  readonly about: string;
}

const anyFamily = (family: unknown): AnyFamily => family as AnyFamily;

/** The families in the order of the page, each with what is said before its members. */
const sections: readonly Section[] = [
  {
    title: 'Sources',
    link: 'source',
    family: anyFamily(sources),
    about:
      'Where rows come from: `sources.<name>`. Options that say what columns mean come beside those of the medium.',
  },
  {
    title: 'Features',
    link: 'feature',
    family: anyFamily(features),
    about: 'How columns become an input of the model: `sources.<name>.features.<input>`.',
  },
  {
    title: 'Layers',
    link: 'layer',
    family: anyFamily(pipelineLayers),
    about: 'What `layers` and `trunk` list. They are those of TensorFlow.js.',
  },
  {
    title: 'Losses',
    link: 'loss',
    family: anyFamily(losses),
    about:
      'What a head is trained for: `model.heads[].loss`. Those for classes work on logits: leave sigmoid and softmax out.',
  },
  { title: 'Metrics', link: 'metric', family: anyFamily(metrics), about: 'What is measured: `model.heads[].metrics`.' },
  {
    title: 'Merge strategies',
    link: 'merge strategy',
    family: anyFamily(merges),
    about: 'How losses become one step: `merge`.',
  },
  {
    title: 'Optimizers',
    link: 'optimizer',
    family: anyFamily(optimizers),
    about: 'How parameters follow their gradients: `optimizer`.',
  },
  {
    title: 'Schedules',
    link: 'schedule',
    family: anyFamily(schedules),
    about: 'What stands in place of a learning rate, and follows the clock of each head.',
  },
  { title: 'Engines', link: 'engine', family: anyFamily(engines), about: 'What computes: `engine`.' },
];

const anchor = (title: string): string => title.toLowerCase().replaceAll(' ', '-');
const links: Links = sections.map(({ title, link, family }) => ({
  types: family.types,
  link: `[${link}](#${anchor(title)})`,
}));

const intro = `# Pipelines: every option

This page is generated from what checks pipeline files (\`npm run reference\`); \`trunkline schema\` prints the same as JSON
Schema, for editors.

A pipeline is a YAML file, a JSON file, or a module in TypeScript or JavaScript whose default export it is:
\`export default definePipeline({ … })\`, with \`definePipeline\` from \`trunkline\`. A module is a program and runs with your
rights; a YAML or JSON file reads the files it names, and nothing else.

- **Paths** begin in the working directory.
- **Forms.** Whatever has a \`type\`, but for sources, can be written in full, \`{ type: dense, units: 64 }\`; by its type, \`{ dense: { units: 64 } }\`;
  by its type and its main option, \`{ dense: 64 }\`; or as its type alone, \`flatten\`.
- **Patterns** mean names: \`NR-*|SR-*\` are those that begin so. \`*\` is any text, \`?\` any character, \`|\` parts alternatives,
  and \`!\` takes names away: \`!id\` is all but one. A name means itself, whatever characters it has.
- **Environment.** In texts of YAML and JSON files \`\${NAME}\` is a variable and \`\${NAME:-default}\` one that need not be set.
  Without quotes a number stays a number; inside \`{ }\` and \`[ ]\` it needs quotes. \`$\${\` is \`\${\`. What came from the
  environment is shown as \`\${NAME}\` wherever a pipeline is shown.
- **TypeScript** needs \`ts-node\`, \`typescript\` (6) and \`@swc/core\`, unless Node reads it itself. Name the file \`.mts\`, or say
  \`"type": "module"\` in package.json.`;

/** The page of every option, as Markdown. */
export function referencePage(): string {
  const { shape } = pipelineSchema;
  return `${[
    intro,
    heading('Pipeline', 'The options at the top.', pipelineSchema),
    heading('Stream', String(shape.stream.description), streamSchema),
    '## Model\n\nA trunk, branches and merges by name, and heads. What begins where is said with `from`.',
    ...Object.entries(modelParts).map(
      ([name, part]) => `### \`${name}\`\n\n${optionTable(describeOptions(part, links))}`,
    ),
    heading('Evaluate', String(evaluateSchema.description), evaluateSchema),
    heading('Checkpoint', String(checkpointSchema.description), checkpointSchema),
    heading('Metrics server', String(metricsSchema.description), metricsSchema).replace(
      '## Metrics server',
      '## Serving metrics',
    ),
    ...sections.map(familySection),
  ].join('\n\n')}\n`;
}

function heading(title: string, about: string, schema: z.ZodType): string {
  return `## ${title}\n\n${about}\n\n${optionTable(describeOptions(schema, links))}`;
}

function familySection({ title, family, about }: Section): string {
  const beside = title === 'Sources' ? sourceOptions() : [];
  return [
    `## ${title}\n\n${about}`,
    ...beside,
    ...family.plugins.map((plugin) => memberSection(plugin, title === 'Sources')),
  ].join('\n\n');
}

/** What every source may say beside its own options. */
function sourceOptions(): readonly string[] {
  const common = pipelineSchema.pick({}).extend({ ...mappingFields, ...sourceFields });
  return [
    `### Every source\n\n${optionTable(describeOptions(common, links))}`,
    ...Object.entries(labelForms).map(
      ([form, { about, schema }]) =>
        `#### Labels, ${form}\n\n${about}\n\n${optionTable(describeOptions(schema, links))}`,
    ),
  ];
}

function memberSection({ type, summary, fields, main, example }: AnyPlugin, inFull: boolean): string {
  const options = describeOptions(fields, links);
  const isProgram = Object.values(example).some((value) => typeof value === 'function');
  return [
    `### \`${type}\``,
    `${summary}${main === undefined || inFull ? '' : ` Its main option is \`${main}\`.`}`,
    ...(options.length > 0 ? [optionTable(options)] : []),
    ...(isProgram ? ["For pipelines in TypeScript: a file can't hold a function."] : exampleOf(type, example, inFull)),
  ].join('\n\n');
}

/** An example on one line: sources in full, others by their type. */
function exampleOf(type: string, example: object, inFull: boolean): readonly string[] {
  if (Object.keys(example).length === 0) return [];
  const shown = inFull ? { type, ...example } : { [type]: example };
  const text = stringify(shown, { collectionStyle: 'flow', lineWidth: 0 }).trim();
  return [`\`\`\`yaml\n${inFull ? text : text.replace(/^\{ /, '').replace(/ \}$/, '')}\n\`\`\``];
}

function optionTable(options: readonly DescribedOption[]): string {
  const cell = (text: string): string =>
    text
      .replaceAll('|', '\\|')
      .replaceAll('\n', ' ')
      .replace(/(?<!`[^`]*)\*(?![^`]*`)/g, '\\*');
  const rows = options.map(
    ({ name, type, fallback, description }) =>
      `| ${[`\`${name}\``, type, fallback, description].map(cell).join(' | ')} |`,
  );
  return ['| option | what it may be | when left out | what it does |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}
