import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ConfigError } from '../../core/error.ts';
import type { Fault } from '../../core/fault.ts';
import { unmatched } from '../../core/pattern.ts';
import { connected, openFor } from '../duckdb/database.ts';
import { type Choice, columnsOf, type Rows, select } from '../duckdb/query.ts';
import { messageOf } from '../duckdb/text.ts';
import { type BlockFile, BlockFolder, textOf } from '../file/block-file.ts';
import { handOn, type Part } from '../file/hand-on.ts';
import type { FileReader, Scanned, ScanOptions } from '../file/reader.ts';
import type { Block, Mark } from '../file/record.ts';
import { type CsvFormat, csvRelation } from './format.ts';
import { inHalves } from './halves.ts';
import { inferTypes } from './infer.ts';
import { type Layout, layoutOf, recordsOf } from './layout.ts';
import { forgetRejects, rejectsOf } from './reject.ts';

interface TypedColumn {
  readonly name: string;
  readonly type: string;
}

/** Records of a block as DuckDB reads them: rows by their place in the block, and what could not be read. */
interface Parsed {
  readonly parts: readonly Part[];
  readonly faults: ReadonlyMap<number, Fault>;
}

/** A column that says of each row whether `where` holds. Rows are left out here, so that all are counted. */
const chosenName = '__trunkline_chosen';

/**
 * Reads files of lines. Lines are found here, which gives them numbers, limits their length and lets reading go on at
 * any of them; DuckDB makes columns of a block of lines at a time.
 */
export function csvReader(format: CsvFormat, choice: Choice): FileReader {
  const folder = new BlockFolder();
  let instance: Promise<DuckDBInstance> | undefined;
  const database = (): Promise<DuckDBInstance> => {
    instance ??= openFor([], [folder.path]);
    return instance;
  };
  // The types of the first file hold for all.
  const types = new Map(Object.entries(format.types));
  const layouts = new Map<string, Promise<Layout>>();
  const layout = (path: string, signal: AbortSignal | undefined): Promise<Layout> => {
    const found = layouts.get(path) ?? layoutOf(path, format, signal);
    layouts.set(path, found);
    found.catch(() => layouts.delete(path));
    return found;
  };
  const { where, derive } = choice;
  const counting: Choice = {
    ...choice,
    where: undefined,
    derive: { ...derive, ...(where !== undefined && { [chosenName]: `coalesce((\n${where}\n)::BOOLEAN, FALSE)` }) },
  };

  let isChecked = false;
  /** @param path a file; undefined when options say everything */
  async function* look(connection: DuckDBConnection, path: string | undefined, signal?: AbortSignal) {
    const file = await folder.open();
    try {
      const found = path === undefined ? { names: format.names ?? [], sample: undefined } : await layout(path, signal);
      // The first file is asked first, and has what is spoken of.
      if (!isChecked) checkTypes(found.names);
      isChecked = true;
      if (found.names.some((name) => !types.has(name))) {
        const inferred = await inferTypes(connection, file, found.names, found.sample, format);
        for (const [at, name] of found.names.entries()) types.set(name, types.get(name) ?? (inferred[at] as string));
      }
      await file.write(Buffer.alloc(0));
      const relation = csvRelation(file.path, typed(found.names), format);
      yield await columnsOf(connection, relation, choice, path ?? 'the options');
    } finally {
      await file.remove();
    }
  }

  const checkTypes = (names: readonly string[]): void => {
    const unknown = Object.keys(format.types).filter((name) => !names.includes(name));
    if (unknown.length > 0)
      throw new ConfigError(unknown.map((name) => unmatched(choice.placeOf(['types']), name, 'column', names)));
  };

  const typed = (names: readonly string[]): readonly TypedColumn[] =>
    names.map((name) => ({ name, type: types.get(name) ?? 'VARCHAR' }));

  async function* scan(connection: DuckDBConnection, path: string, options: ScanOptions): AsyncGenerator<Scanned> {
    const { names, begin } = await layout(path, options.signal);
    const from = (options.mark as Mark | undefined) ?? begin;
    const file = await folder.open();
    try {
      for await (const block of recordsOf(path, from, format, options.signal)) {
        if (block.next.row <= options.from && block.next.row > block.mark.row) continue;
        const parsed = await parse(connection, file, block, typed(names), options);
        yield* handOn(path, block, parsed.parts, parsed.faults, options);
      }
    } finally {
      await file.remove();
    }
  }

  async function parse(
    connection: DuckDBConnection,
    file: BlockFile,
    block: Block,
    all: readonly TypedColumn[],
    options: ScanOptions,
  ): Promise<Parsed> {
    const relation = csvRelation(file.path, all, format);
    const columns =
      where === undefined
        ? options.columns
        : [...options.columns, { name: chosenName, kind: 'number', type: 'BOOLEAN' } as const];
    const parts: Part[] = [];
    const faults = new Map<number, Fault>(block.faults);
    const typeOf = (name: string): string => types.get(name) ?? 'text';

    const attempt = async (records: readonly number[]): Promise<string | undefined> => {
      await file.write(textOf(block, records));
      const found: Rows[] = [];
      try {
        for await (const rows of select(connection, relation, counting, columns)) found.push(rows);
      } catch (error) {
        options.signal.throwIfAborted();
        await forgetRejects(connection);
        return messageOf(error);
      }
      const rejects = await rejectsOf(connection, typeOf);
      const good = records.filter((_, at) => !rejects.has(at));
      const count = found.reduce((sum, { rows }) => sum + rows.length, 0);
      if (count !== good.length) return `${count} rows where there are ${good.length} lines`;
      for (const rows of found) parts.push(partOf(rows, good));
      for (const [at, fault] of rejects) faults.set(records[at] as number, fault);
      return undefined;
    };
    const whole = [...block.starts.keys()].filter((record) => !block.faults.has(record));
    await inHalves(whole, attempt, (record, found) => {
      faults.set(record, { reason: 'malformed', expected: 'a line of CSV', found });
    });
    return { parts, faults };
  }

  const open = <Value>(
    path: string,
    signal: AbortSignal | undefined,
    use: (connection: DuckDBConnection) => AsyncGenerator<Value>,
  ): AsyncGenerator<Value> => connected(database, { where: path, expected: 'a file of CSV' }, signal, use);

  const columns = async (path: string | undefined, signal: AbortSignal | undefined) => {
    const what = path ?? 'the options';
    for await (const found of open(what, signal, (connection) => look(connection, path, signal))) return found;
    return [];
  };

  return {
    columns,
    scan: (path, options) => open(path, options.signal, (connection) => scan(connection, path, options)),
    declared: async (signal) =>
      format.names?.every((name) => name in format.types) ? columns(undefined, signal) : undefined,
    adopt: (before) => {
      isChecked = true;
      for (const { name, type } of before) if (!(name in derive)) types.set(name, types.get(name) ?? type);
    },
    forget: (path) => void layouts.delete(path),
  };
}

/** @param good records that DuckDB was given and took, in order */
function partOf({ columns, rows }: Rows, good: readonly number[]): Part {
  const chosen = columns.get(chosenName);
  return {
    columns,
    records: Array.from(rows, (at) => good[at] as number),
    ...(chosen?.kind === 'number' && { isChosen: (at: number) => chosen.values[at] === 1 }),
  };
}
