import type { Derived } from './derive.ts';
import type { Guess, GuessedFeature, GuessedLabel } from './guess.ts';
import { isPlain, patternFor } from './pattern.ts';
import { flow, list, scalar } from './yaml.ts';

/** What a starter pipeline is written for. */
export interface Starter {
  readonly name: string;
  readonly type: string;
  /** The data file as the user named it. */
  readonly path: string;
  /** What parts the fields, where it is not what the type says. */
  readonly delimiter?: string | undefined;
  /** Texts that stand for no value, where they are not the usual ones. */
  readonly nullText?: readonly string[] | undefined;
  /** Columns of numbers that stand in texts. */
  readonly derived: readonly Derived[];
  /** All columns, of the file and of those. */
  readonly columns: readonly string[];
  /** Rows of the file, as far as they were counted. */
  readonly rows: number;
  readonly guess: Guess;
}

/** One input: its name, options and shape of a sample. */
interface Input {
  readonly name: string;
  readonly feature: string;
  readonly why: string;
  readonly isVector: boolean;
}

/** A starter pipeline as YAML. Comments say what was guessed, and how to change it. */
export function writeStarter(starter: Starter): string {
  const { name, type, path, rows, guess } = starter;
  const inputs = inputsOf(starter);
  return [
    `# A starter for ${path}: what stands here was guessed from its first rows. Change what is wrong, then`,
    '#   trunkline check, trunkline explain, trunkline train',
    '# Every option: trunkline schema.',
    `name: ${scalar(name)}`,
    '',
    'sources:',
    '  train:',
    `    type: ${type}`,
    `    path: ${scalar(path)}`,
    ...formLines(starter, true),
    ...splitLines(starter, '<>'),
    ...(guess.id === undefined ? [] : [`    id: ${scalar(guess.id)}`]),
    '    # The inputs of the model, and how columns become them.',
    '    features:',
    ...inputs.map(({ name: input, feature, why }) => `      ${scalar(input)}: ${feature}  # ${why}`),
    ...leftLines(guess),
    ...labelLines(starter),
    '  # The other rows, which are not trained on.',
    '  test:',
    `    type: ${type}`,
    `    path: ${scalar(path)}`,
    ...formLines(starter, false),
    ...splitLines(starter, '='),
    '    like: train',
    '',
    `stream: ${flow({ from: 'train', shuffle: String(Math.min(8192, Math.max(rows, 2))), batch: String(rows < 2000 ? 32 : 128), epochs: '20' })}`,
    '',
    ...modelLines(inputs, starter),
    '',
    'optimizer: { type: adam, learningRate: 0.001 }',
    'evaluate: { from: test }',
    '',
  ].join('\n');
}

/** How the file is written. @param isExplained whether comments say why */
const formLines = ({ delimiter, nullText, derived }: Starter, isExplained: boolean): readonly string[] => [
  ...(delimiter === undefined ? [] : [`    delimiter: ${JSON.stringify(delimiter)}`]),
  ...(nullText === undefined
    ? []
    : [`    nullText: ${list(nullText)}${isExplained ? '  # texts between numbers: no values' : ''}`]),
  ...(derived.length === 0 ? [] : ['    derive:']),
  ...derived.map(
    ({ name, from, unit, sql }) =>
      `      ${scalar(name)}: ${scalar(sql)}${isExplained ? `  # ${from}: numbers ${unit === '' ? 'with commas' : `in ${unit}`}` : ''}`,
  ),
];

/** Which rows are trained on: four in five, by what stands in them, so that it is the same in each run. */
function splitLines({ guess, columns }: Starter, comparison: '<>' | '='): readonly string[] {
  const by =
    guess.id === undefined ? guess.features.flatMap((feature) => feature.columns.map(({ name }) => name)) : [guess.id];
  const hashed = (by.length > 0 ? by : columns).slice(0, 8).map((name) => `"${name.replaceAll('"', '""')}"`);
  const text = `hash(${hashed.join(', ')}) % 5 ${comparison} 0`;
  return [
    ...(comparison === '<>'
      ? ['    # Four rows in five, by what stands in them. With a file of its own for the test, leave both out.']
      : []),
    `    where: '${text.replaceAll("'", "''").replaceAll('${', '$${')}'`,
  ];
}

function leftLines({ left }: Guess): readonly string[] {
  return left.length === 0 ? [] : ['    # Left out:', ...left.map(({ name, why }) => `    #   ${name}: ${why}`)];
}

function inputsOf({ guess, columns }: Starter): readonly Input[] {
  const taken = new Set<string>(['trunk', 'all']);
  const named = (wanted: string): string => {
    const valid = wanted.replace(/[^\w.-]/g, '_').replace(/^(?![A-Za-z0-9])/, 'x');
    let name = valid;
    for (let number = 2; taken.has(name); number++) name = `${valid}_${number}`;
    taken.add(name);
    return name;
  };
  return guess.features.flatMap((guessed): readonly Input[] => {
    const plain = guessed.columns.filter(({ name }) => isPlain(name));
    const alone = guessed.columns.filter(({ name }) => !isPlain(name)).map((column) => [column]);
    const groups = [...(plain.length > 0 ? [plain] : []), ...alone];
    return groups.map((group) => {
      const [first] = group as [(typeof group)[number]];
      const title = { standardize: 'numbers', oneHot: 'categories' } as const;
      const many = guessed.kind === 'standardize' || guessed.kind === 'oneHot';
      const name = named(many && group.length > 1 ? title[guessed.kind as 'oneHot'] : first.name);
      const pattern = patternFor(
        group.map((column) => column.name),
        columns,
      );
      return {
        name,
        feature: featureText(
          guessed,
          pattern === name ? undefined : pattern,
          group.some(({ nulls }) => nulls > 0),
        ),
        why: guessed.why,
        isVector: guessed.kind !== 'characters',
      };
    });
  });
}

function featureText(guessed: GuessedFeature, pattern: string | undefined, hasNulls: boolean): string {
  const columns = pattern === undefined ? undefined : scalar(pattern);
  const missing = (value: string): { readonly missing?: string } => (hasNulls ? { missing: value } : {});
  switch (guessed.kind) {
    case 'standardize':
      return flow({ standardize: flow({ columns, ...missing('mean') }) });
    case 'oneHot':
      return flow({ oneHot: flow({ columns, unknown: 'zeros', ...missing('zeros') }) });
    case 'multiHot':
      return flow({ multiHot: flow({ size: String(guessed.size), columns, ...missing('zeros') }) });
    case 'characters':
      return flow({ characters: flow({ length: String(guessed.size), columns, ...missing('blank') }) });
    default:
      return flow({ tensor: flow({ shape: list([guessed.size]), columns, ...missing('0') }) });
  }
}

/** What a label's options are in the source. */
function labelOptions(label: GuessedLabel): string {
  if (label.kind === 'number') return flow({ standardize: 'true' });
  return flow({ classes: label.classes && list(label.classes) });
}

function labelLines({ guess, columns }: Starter): readonly string[] {
  const { labels, labelsBy } = guess;
  const comment = `    # The labels, ${labelsBy}. A value that is missing is no label: the others of its row are trained.`;
  const options = new Set(labels.map(labelOptions));
  const names = labels.map(({ column }) => column.name);
  const [only = ''] = options;
  const canBePattern = options.size === 1 && (names.every(isPlain) || names.length === 1);
  if (labels.length > 1 && canBePattern)
    return [
      comment,
      `    labels: ${only.replace(/^\{ ?/, `{ columns: ${scalar(patternFor(names, columns))}${only === '{}' ? ' ' : ', '}`)}`,
    ];
  return [
    comment,
    '    labels:',
    ...labels.map((label) => `      ${scalar(label.column.name)}: ${labelOptions(label)}  # ${label.why}`),
  ];
}

function modelLines(inputs: readonly Input[], { guess }: Starter): readonly string[] {
  const flat = inputs.map(({ name, isVector }) => (isVector ? name : `${name}_flat`));
  const branches = inputs.filter(({ isVector }) => !isVector);
  const width = guess.features.some(({ kind }) => kind === 'multiHot') ? 512 : 64;
  const from = flat.length > 1 ? 'all' : (flat[0] as string);
  return [
    'model:',
    ...(branches.length === 0 ? [] : ['  branches:']),
    ...branches.map(
      ({ name }) => `    ${scalar(`${name}_flat`)}: ${flow({ from: scalar(name), layers: '[flatten]' })}`,
    ),
    ...(flat.length > 1 ? ['  merges:', `    all: ${flow({ from: list(flat), mode: 'concat' })}`] : []),
    '  trunk:',
    `    from: ${scalar(from)}`,
    '    layers:',
    `      - dense: { units: ${width}, activation: relu }`,
    '      - dropout: { rate: 0.2 }',
    '  # One head for each label. A loss is for what its labels are: 0 and 1, classes, or numbers.',
    '  heads:',
    ...headLines(guess.labels),
  ];
}

/** Heads that are alike are one entry, by a pattern of their labels. */
function headLines(labels: readonly GuessedLabel[]): readonly string[] {
  const groups = new Map<string, GuessedLabel[]>();
  for (const label of labels) {
    const key = label.kind === 'classes' ? `classes ${label.count}` : label.kind;
    const alone = isPlain(label.column.name) ? key : `${key} ${label.column.name}`;
    groups.set(alone, [...(groups.get(alone) ?? []), label]);
  }
  const all = labels.map(({ column }) => column.name);
  return [...groups.values()].flatMap((group) => {
    const [first] = group as [GuessedLabel];
    const names = group.map(({ column }) => column.name);
    const which =
      names.length === 1 ? `name: ${scalar(names[0] as string)}` : `columns: ${scalar(patternFor(names, all))}`;
    const units = first.kind === 'classes' ? first.count : 1;
    const [loss, metrics] = objectiveOf(first);
    return [
      `    - ${which}`,
      `      layers: [{ dense: ${units} }]`,
      `      loss: ${loss}`,
      `      metrics: ${list(metrics)}`,
    ];
  });
}

function objectiveOf({ kind }: GuessedLabel): readonly [string, readonly string[]] {
  if (kind === 'binary') return ['binaryCrossentropy', ['rocAuc', 'mcc']];
  if (kind === 'classes') return ['sparseCategoricalCrossentropy', ['accuracy', 'mcc']];
  return ['meanSquaredError', ['r2', 'rootMeanSquaredError']];
}
