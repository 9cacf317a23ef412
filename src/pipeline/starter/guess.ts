import { ConfigError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';
import { matchNames, unmatchedIn } from '../../core/pattern.ts';
import type { Derived } from './derive.ts';
import type { ColumnProfile } from './profile.ts';

/** How columns become one input. */
export type GuessedFeature = { readonly columns: readonly ColumnProfile[]; readonly why: string } & (
  | { readonly kind: 'standardize' | 'oneHot' }
  | { readonly kind: 'multiHot' | 'tensor' | 'characters'; readonly size: number }
);

/** What a column of labels is taken for. */
export type GuessedLabel = { readonly column: ColumnProfile; readonly why: string } & (
  | { readonly kind: 'binary'; readonly classes?: readonly (string | number)[] }
  | { readonly kind: 'classes'; readonly count: number; readonly classes?: readonly (string | number)[] }
  | { readonly kind: 'number' }
);

/** What the columns of a table are taken for. */
export interface Guess {
  readonly id?: string;
  readonly features: readonly GuessedFeature[];
  readonly labels: readonly GuessedLabel[];
  /** Columns that are not used, and why. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
  /** How the labels were told from the features. */
  readonly labelsBy: string;
}

/** Whole numbers with so many values are classes, and texts with so many. */
const mostClasses = { number: 10, text: 20 };
/** A class that fewer labels have is rare. */
const rareShare = 0.05;
/** A list of whole numbers of differing length, or one with gaps, is a list of places below this. */
const mostPlaces = 1 << 17;
const aminoAcids = new Set('ACDEFGHIKLMNPQRSTVWY');

/**
 * Guesses features and labels.
 * @param derived columns of numbers that stand for columns of texts
 * @param pattern of the labels, when the user said which they are
 * @throws ConfigError when there are no rows, the pattern means nothing, or no features or labels are left
 */
export function guessOf(
  all: readonly ColumnProfile[],
  derived: readonly Derived[],
  pattern: string | undefined,
): Guess {
  const profiles = all.filter(({ name }) => !derived.some(({ from }) => from === name));
  if (all.every(({ rows }) => rows === 0)) throw new ConfigError({ where: 'data', expected: 'rows', found: 'none' });
  const names = all.map(({ name }) => name);
  const matched = pattern === undefined ? [] : matchNames(pattern, names);
  const wanted = [...matched, ...derived.filter(({ from }) => matched.includes(from)).map(({ name }) => name)];
  const id = profiles.find((column, at) => !wanted.includes(column.name) && isId(column, at));
  const candidates = profiles.filter((column) => column !== id);
  const { chosen, labelsBy } = chooseLabels(candidates, pattern, names, wanted);
  const left: { name: string; why: string }[] = [];
  const labels = chosen.flatMap((column): readonly GuessedLabel[] => {
    const label = labelOf(column);
    if (typeof label !== 'string') return [label];
    left.push({ name: column.name, why: label });
    return [];
  });
  const features = featuresOf(
    candidates.filter((column) => !chosen.includes(column)),
    left,
  );
  if (labels.length === 0 || features.length === 0)
    throw new ConfigError({
      where: 'data',
      expected: 'columns that can be features, and others that can be labels',
      found:
        labels.length === 0
          ? noLabel(left, chosen)
          : `no feature beside ${chosen.map(({ name }) => quote(name)).join(', ')}`,
      hint: "say which columns are labels: --labels 'tox*|sol*'",
    });
  return { ...(id ? { id: id.name } : {}), features, labels, left, labelsBy };
}

function isId({ name, kind, unique, nulls, whole, least, most, rows }: ColumnProfile, at: number): boolean {
  if (!unique || nulls > 0 || !(kind === 'text' || (kind === 'number' && whole))) return false;
  const isNamed = /(^|[_ .-])(id|ids|key|uuid|index|name)$/i.test(name) || /[a-z]I[dD]$/.test(name);
  const isCounted = kind === 'number' && (least === 0 || least === 1) && most - least === rows - 1;
  return isNamed || (at === 0 && (kind === 'text' || isCounted));
}

function chooseLabels(
  columns: readonly ColumnProfile[],
  pattern: string | undefined,
  names: readonly string[],
  wanted: readonly string[],
): { readonly chosen: readonly ColumnProfile[]; readonly labelsBy: string } {
  if (pattern !== undefined) {
    const missing = unmatchedIn('--labels', pattern, 'column', names);
    if (missing.length > 0) throw new ConfigError(missing);
    return { chosen: columns.filter(({ name }) => wanted.includes(name)), labelsBy: `as --labels '${pattern}' says` };
  }
  const possible = columns.filter((column) => typeof labelOf(column) !== 'string');
  const nullable = oftenMissing(possible.filter(({ nulls }) => nulls > 0));
  if (nullable.length > 0) return { chosen: nullable, labelsBy: 'because values are missing in them' };
  const named = possible.filter(({ name }) => /^(y|labels?|targets?|class|outcomes?|response)([_ \d.-]|$)/i.test(name));
  if (named.length > 0) return { chosen: named, labelsBy: 'because of their names' };
  return { chosen: possible.slice(-1), labelsBy: 'because it is the last column' };
}

/** That no column can be a label, and why those that were chosen can't. */
function noLabel(left: Guess['left'], chosen: readonly ColumnProfile[]): string {
  const reasons = left.filter(({ name }) => chosen.some((column) => column.name === name));
  const told = reasons.map(({ name, why }) => `${quote(name)}: ${why}`);
  return told.length === 0 ? 'no label' : `no label; ${told.join(', ')}`;
}

/** Where much is missing in some columns, those in which little is are measurements that failed, and no labels. */
function oftenMissing(nullable: readonly ColumnProfile[]): readonly ColumnProfile[] {
  const most = Math.max(...nullable.map(({ nulls }) => nulls));
  return nullable.filter(({ nulls, rows }) => nulls >= rows / 10 || nulls >= most / 5);
}

/** What a column is as a label, or why it can't be one. */
function labelOf(column: ColumnProfile): GuessedLabel | string {
  const { kind, distinct, whole, least, most, rows, nulls } = column;
  const values = [...(distinct?.keys() ?? [])];
  if (nulls === rows) return 'it has no value';
  if (values.length === 1) return `it has one value only, ${String(values[0])}`;
  if (kind === 'text') {
    if (distinct === undefined || values.length > mostClasses.text) return 'it has too many different texts';
    return classesOf(column, values.sort());
  }
  if (kind !== 'number') return 'labels of lists have to be described by hand';
  if (distinct === undefined || !whole || values.length > mostClasses.number)
    return { column, kind: 'number', why: 'numbers; losses and errors are in standard deviations' };
  const sorted = (values as number[]).sort((a, b) => a - b);
  const counting = least === 0 && most === values.length - 1;
  if (!counting) return classesOf(column, sorted);
  if (values.length === 2) return { column, kind: 'binary', why: `0 and 1${rarestOf(column)}` };
  return { column, kind: 'classes', count: values.length, why: `whole numbers from 0 to ${most}${rarestOf(column)}` };
}

function classesOf(column: ColumnProfile, classes: readonly (string | number)[]): GuessedLabel {
  const why = `${classes.length} different values${rarestOf(column)}`;
  return classes.length === 2
    ? { column, kind: 'binary', classes, why: `${classes.join(' and ')}: the second is the yes${rarestOf(column)}` }
    : { column, kind: 'classes', count: classes.length, classes, why };
}

/** A class that is rare, as accuracy says little about it. */
function rarestOf({ distinct, rows, nulls }: ColumnProfile): string {
  const labels = rows - nulls;
  const [rarest] = [...(distinct ?? [])].sort(([, a], [, b]) => a - b);
  if (!rarest || rarest[1] >= rareShare * labels) return '';
  return `; ${rarest[0]} is rare, ${rarest[1].toLocaleString('en-US')} of ${labels.toLocaleString('en-US')}`;
}

function featuresOf(
  columns: readonly ColumnProfile[],
  left: { name: string; why: string }[],
): readonly GuessedFeature[] {
  const numbers: ColumnProfile[] = [];
  const categories: ColumnProfile[] = [];
  const others: GuessedFeature[] = [];
  for (const column of columns) {
    const { name, kind, distinct, nulls, rows } = column;
    if (nulls === rows) left.push({ name, why: 'it has no value' });
    else if (distinct?.size === 1) left.push({ name, why: 'it has one value only' });
    else if (kind === 'number') numbers.push(column);
    else if (kind === 'text' && distinct) categories.push(column);
    else {
      const feature = otherFeature(column);
      if (typeof feature === 'string') left.push({ name, why: feature });
      else others.push(feature);
    }
  }
  return [
    ...(numbers.length > 0 ? [{ kind: 'standardize' as const, columns: numbers, why: whyNumbers(numbers) }] : []),
    ...(categories.length > 0 ? [{ kind: 'oneHot' as const, columns: categories, why: 'texts that repeat' }] : []),
    ...others,
  ];
}

function whyNumbers(columns: readonly ColumnProfile[]): string {
  const times = columns.filter(({ isTime }) => isTime).map(({ name }) => name);
  return times.length === 0 ? 'numbers' : `numbers, with ${times.join(', ')} as milliseconds since 1970`;
}

/** What a column of lists or texts is as a feature, or why it is left out. */
function otherFeature(column: ColumnProfile): GuessedFeature | string {
  const { kind, whole, least, most, shortest, longest, characters } = column;
  const columns = [column];
  if (kind === 'numbers') {
    if (whole && least >= 0 && most < mostPlaces && longest > 0 && (shortest < longest || most > 1))
      return { kind: 'multiHot', columns, size: sizeFor(most), why: `lists of whole numbers from ${least} to ${most}` };
    if (shortest === longest && longest > 0)
      return { kind: 'tensor', columns, size: longest, why: `lists of ${longest} numbers` };
    return 'its lists differ in length: `sequence` could fill them up';
  }
  if (kind === 'text' && longest <= 64 && [...characters].every((character) => aminoAcids.has(character)))
    return { kind: 'characters', columns, size: longest, why: `peptides of ${shortest} to ${longest} letters` };
  if (kind === 'text') return 'its texts hardly repeat: `vocabulary`, `hash` or `characters` could make ids of them';
  if (kind === 'texts') return 'lists of texts: `vocabulary` or `hash` could make ids of them';
  if (kind === 'bytes') return 'bytes: `image` could read them';
  return 'its values are of several kinds';
}

/** Places for the largest one seen: a power of two where that is near, as fingerprints have. */
function sizeFor(most: number): number {
  const power = 2 ** Math.ceil(Math.log2(most + 1));
  return power <= (most + 1) * 1.1 ? power : most + 1;
}
