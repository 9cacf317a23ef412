import type { Issue } from '../core/error.ts';
import { matchNames, unmatched, unmatchedIn } from '../core/pattern.ts';
import type { LabelMapping, NamedLabel } from './sample-mapping.ts';
import type { TableColumn } from './source.ts';

/** How the labels of one head stand in a table, as each row has them: wide. */
export interface HeadPlan {
  readonly head: string;
  /** One, or several whose numbers make up a label. */
  readonly columns: readonly string[];
  /** Whether the only column holds lists. */
  readonly isList: boolean;
  /** Numbers of a label; undefined for lists as long as the head's loss says. */
  readonly size: number | undefined;
  readonly weight: string | undefined;
  readonly bound: string | undefined;
  readonly options: LabelOptions;
}

export type LabelOptions = Pick<NamedLabel, 'classes' | 'missing' | 'standardize' | 'log10' | 'bounds'>;

type WideMapping = Exclude<LabelMapping, { readonly form: 'long' | 'map' }>;

/** The heads of wide labels, found among the columns of a table. What is wrong is added to `issues`. */
export function planHeads(
  mapping: WideMapping,
  columns: readonly TableColumn[],
  where: string,
  issues: Issue[],
): readonly HeadPlan[] {
  const names = columns.map(({ name }) => name);
  const find = (pattern: string, place: string): readonly string[] => {
    issues.push(...unmatchedIn(place, pattern, 'column', names));
    return matchNames(pattern, names);
  };
  const findOne = (name: string | undefined, place: string): string | undefined => {
    if (name !== undefined && !names.includes(name)) issues.push(unmatched(place, name, 'column', names));
    return name;
  };
  const kindOf = new Map(columns.map(({ name, kind }) => [name, kind]));
  const plan = (
    head: string,
    read: readonly string[],
    options: Omit<NamedLabel, 'column' | 'columns'>,
    place: string,
  ): HeadPlan => {
    const [first = ''] = read;
    const kind = kindOf.get(first);
    const isList = read.length === 1 && (kind === 'numbers' || (kind === 'mixed' && options.size !== undefined));
    for (const name of read) checkKind(name, kindOf.get(name), options, isList, place, issues);
    return {
      head,
      columns: read,
      isList,
      size: isList ? options.size : read.length,
      weight: findOne(options.weight, `${place}.weight`),
      bound: findOne(options.bound, `${place}.bound`),
      options,
    };
  };

  if (mapping.form === 'named')
    return Object.entries(mapping.heads).map(([head, options]) => {
      const place = `${where}.${head}`;
      const pattern = options.columns;
      const column = options.column ?? head;
      const read = pattern === undefined ? [findOne(column, place) ?? column] : find(pattern, `${place}.columns`);
      return plan(head, read, options, place);
    });
  const found = find(mapping.columns, `${where}.columns`);
  const beside = (pattern: string | undefined, head: string): string | undefined => pattern?.replaceAll('*', head);
  const taken = new Set(
    found.flatMap((head) => [beside(mapping.weight, head), beside(mapping.bound, head)]).filter((name) => name),
  );
  return found
    .filter((head) => !taken.has(head))
    .map((head) =>
      plan(
        head,
        [head],
        { ...mapping, weight: beside(mapping.weight, head), bound: beside(mapping.bound, head) },
        where,
      ),
    );
}

/** Whether labels can be read from a column of this kind. */
export function checkKind(
  name: string,
  kind: TableColumn['kind'] | undefined,
  { classes }: LabelOptions,
  isList: boolean,
  where: string,
  issues: Issue[],
): void {
  if (kind === 'text' && classes === undefined)
    issues.push({
      where,
      expected: 'labels that are numbers, or the names of classes',
      found: `text in column '${name}', and no classes`,
      hint: "list them, as classes: ['no', 'yes']",
    });
  if (kind === 'bytes' || kind === 'texts' || (isList && classes !== undefined))
    issues.push({
      where,
      expected: isList ? 'one class for each row' : 'labels that are numbers, lists of numbers, or names of classes',
      found: `column '${name}' of ${kind === 'bytes' ? 'bytes' : kind === 'texts' ? 'lists of texts' : 'lists'}`,
    });
}
