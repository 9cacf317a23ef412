import type { TypedArray } from '../../core/dtype.ts';
import { ConfigError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import type { Head } from '../../model/index.ts';
import type { SinkColumn, SinkKind } from '../../sink/index.ts';
import type { ClassName, LabelScale, SampleSource } from '../../source/index.ts';
import type { Pipeline } from '../assemble.ts';
import { scalesOf } from './scale.ts';

/** Of a head whose labels are classes: the likeliest one, called as in the labels, and how likely each is. */
export interface ClassPrediction {
  /** Null where nothing finite was predicted. */
  readonly class: ClassName | null;
  /** By what `String` makes of a class's name. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** What a head predicts for one row: a number, as many as its labels have, or a class. */
export type HeadPrediction = number | readonly number[] | ClassPrediction;

/** Reads what one head predicts out of what a model gives. */
export interface HeadReader {
  readonly name: string;
  /** What a table has of it: `head`, and `head.class` with the probability of each class. */
  readonly columns: readonly SinkColumn[];
  /** @param values of all rows */
  read(values: TypedArray, row: number, rows: number): HeadPrediction;
  /** The same, by the names of the columns. */
  cells(values: TypedArray, row: number, rows: number): Readonly<Record<string, unknown>>;
}

/**
 * Readers of the heads that predict: numbers on the scale of the labels, probabilities where the head is a classifier, and
 * classes by name.
 */
export function headReaders({
  model,
  read,
  sources,
}: Pick<Pipeline, 'model' | 'read' | 'sources'>): readonly HeadReader[] {
  // Where several sources have labels of a head, the first that is trained on says what they are.
  const opened = [...read].reverse().map((name) => sources.get(name) as SampleSource);
  const scales = scalesOf({ read, sources });
  const names = new Map(opened.flatMap((source) => [...source.labelClasses()]));
  return model.heads
    .filter(({ trainingOnly }) => !trainingOnly)
    .map((head) => {
      const classes = classesOf(head, names.get(head.name));
      return classes ? classReader(head.name, classes) : numberReader(head, scales.get(head.name));
    });
}

/** @throws ConfigError when two columns of a table would have one name */
export function columnsOf(readers: readonly HeadReader[], row: SinkColumn): readonly SinkColumn[] {
  const columns = [row, ...readers.flatMap((reader) => reader.columns)];
  const twice = columns.filter(({ name }, at) => columns.findIndex((other) => other.name === name) < at);
  if (twice.length === 0) return columns;
  throw new ConfigError(
    twice.map(({ name }) => ({
      where: 'predictions',
      expected: 'columns of different names',
      found: `two called ${quote(name)}`,
      hint: 'give the head another name',
    })),
  );
}

/** The classes of a head, one for each probability; undefined where it predicts no class, or one for each of many places. */
function classesOf({ shape, objective }: Head, names: readonly ClassName[] = []): readonly ClassName[] | undefined {
  const prediction = objective?.loss.prediction;
  if (prediction === 'probability') return names.length === 2 && sizeOf(shape) === 1 ? names : undefined;
  const [count = 0, ...rest] = shape;
  if (prediction !== 'distribution' || rest.length > 0 || count < 1) return undefined;
  const taken = new Set(names.map(String));
  // What the labels do not have is called by its place.
  return Array.from({ length: count }, (_, at) => names[at] ?? (taken.has(`${at}`) ? `#${at}` : at));
}

function classReader(name: string, classes: readonly ClassName[]): HeadReader {
  const texts = classes.map(String);
  const kind = kindOf(classes);
  const read: HeadReader['read'] = (values, row, rows) => {
    const own = probabilities(values, row, rows);
    const likeliest = own.indexOf(own.reduce((most, each) => (each > most ? each : most), Number.NEGATIVE_INFINITY));
    return {
      class: classes[likeliest] ?? null,
      probabilities: Object.fromEntries(texts.map((text, at) => [text, own[at] as number])),
    };
  };
  return {
    name,
    columns: [{ name, kind }, ...texts.map((text): SinkColumn => ({ name: `${name}.${text}`, kind: 'float32' }))],
    read,
    cells: (values, row, rows) => {
      const predicted = read(values, row, rows) as ClassPrediction;
      const named = kind === 'text' && predicted.class !== null ? String(predicted.class) : predicted.class;
      const each = Object.entries(predicted.probabilities).map(([text, value]) => [`${name}.${text}`, value] as const);
      return { [name]: named, ...Object.fromEntries(each) };
    },
  };
}

/** How likely each class is. Of two there is one number: that of the second. */
function probabilities(values: TypedArray, row: number, rows: number): readonly number[] {
  const size = values.length / rows;
  const own = Array.from(values.subarray(row * size, (row + 1) * size), Number);
  return size === 1 ? [Math.fround(1 - (own[0] as number)), own[0] as number] : own;
}

/** What a column of these classes holds. */
function kindOf(classes: readonly ClassName[]): SinkKind {
  if (classes.every((name) => typeof name === 'boolean')) return 'bool';
  if (!classes.every((name) => typeof name === 'number')) return 'text';
  return classes.every((name) => name === (name | 0)) ? 'int32' : 'float64';
}

function numberReader(
  { name, shape }: { readonly name: string; readonly shape: Shape },
  scale?: LabelScale,
): HeadReader {
  const isNumber = sizeOf(shape) === 1;
  const read: HeadReader['read'] = (values, row, rows) => {
    const size = values.length / rows;
    const own = Array.from({ length: size }, (_, at) => {
      const value = Number(values[row * size + at]);
      if (!scale) return value;
      const moved = value * (scale.scale[at] as number) + (scale.mean[at] as number);
      return Math.fround(scale.log10 ? 10 ** moved : moved);
    });
    return isNumber ? (own[0] as number) : own;
  };
  return {
    name,
    columns: [{ name, kind: isNumber ? 'float32' : 'floats' }],
    read,
    cells: (values, row, rows) => ({ [name]: read(values, row, rows) }),
  };
}
