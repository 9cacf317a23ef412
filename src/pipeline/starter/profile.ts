import type { RawColumn } from '../../core/table.ts';
import type { TableColumn, TableSource } from '../../source/index.ts';
import { WrittenNumbers } from './written.ts';

/** What the first rows of a table say of one column. */
export interface ColumnProfile {
  readonly name: string;
  readonly kind: TableColumn['kind'];
  /** Whether its numbers are times, in milliseconds since 1970. */
  readonly isTime: boolean;
  /** Rows that were looked at. */
  readonly rows: number;
  /** Rows without a value. */
  readonly nulls: number;
  /** The values and how often each is there; undefined when there are more than `mostDistinct`. */
  readonly distinct: ReadonlyMap<string | number, number> | undefined;
  /** Whether each value is there once. */
  readonly unique: boolean;
  /** Of numbers, and of the numbers in lists: whether all are whole, and the smallest and the largest. */
  readonly whole: boolean;
  readonly least: number;
  readonly most: number;
  /** Of lists and texts: the shortest and the longest. */
  readonly shortest: number;
  readonly longest: number;
  /** Characters that texts consist of. */
  readonly characters: ReadonlySet<string>;
  /** Texts that often stand for no value. */
  readonly marks: ReadonlySet<string>;
  /** What numbers in texts have beside them, where all texts are numbers with commas or a unit: `kg`; undefined where they are not. */
  readonly unit: string | undefined;
}

/** Texts that people, and other programs, write where there is no value. */
const markForm = /^(na|n\/a|n\.a\.|#n\/a|nan|null|none|nil|missing|unknown|[-.?]+)$/i;
/** Rows that are looked at. */
const firstRows = 20_000;
/** Fewer different texts are classes, though numbers stand in them. */
const leastNumbers = 3;
/** Values that are told apart; more are many. */
const mostDistinct = 50;

/** Looks at the first rows of a table. @throws TrunklineError when it can't be read */
export async function profileOf(table: TableSource): Promise<readonly ColumnProfile[]> {
  const controller = new AbortController();
  const columns = await table.columns(controller.signal);
  const profiles = columns.map((column) => new Profile(column));
  let rows = 0;
  try {
    for await (const reading of table.read({ signal: controller.signal })) {
      for (const profile of profiles)
        profile.take(reading.table.columns.get(profile.name) as RawColumn, reading.table.rows);
      rows += reading.table.rows;
      if (rows >= firstRows) break;
    }
  } finally {
    controller.abort();
  }
  return profiles;
}

class Profile implements ColumnProfile {
  readonly name: string;
  readonly kind: TableColumn['kind'];
  readonly isTime: boolean;
  rows = 0;
  nulls = 0;
  whole = true;
  least = Number.POSITIVE_INFINITY;
  most = Number.NEGATIVE_INFINITY;
  shortest = Number.POSITIVE_INFINITY;
  longest = 0;
  readonly characters = new Set<string>();
  readonly marks = new Set<string>();
  readonly #written = new WrittenNumbers();
  readonly #values = new Map<string | number, number>();

  constructor({ name, kind, type }: TableColumn) {
    this.name = name;
    this.kind = kind;
    this.isTime = kind === 'number' && /^(DATE$|TIMESTAMP)/.test(type);
  }

  get distinct(): ReadonlyMap<string | number, number> | undefined {
    return this.#values.size > mostDistinct ? undefined : this.#values;
  }

  get unit(): string | undefined {
    return this.#values.size < leastNumbers ? undefined : this.#written.unit;
  }

  get unique(): boolean {
    return this.#values.size > 1 && this.#values.size === this.rows;
  }

  take(column: RawColumn, rows: number): void {
    this.rows += rows;
    for (let row = 0; row < rows; row++) this.#takeRow(column, row);
  }

  #takeRow(column: RawColumn, row: number): void {
    switch (column.kind) {
      case 'number': {
        const value = column.values[row] as number;
        if (!column.valid[row] || Number.isNaN(value)) this.nulls++;
        else {
          this.#takeNumber(value);
          this.#count(value);
        }
        return;
      }
      case 'text': {
        const text = column.values[row] ?? null;
        if (text === null) this.nulls++;
        else this.#takeText(text);
        return;
      }
      case 'numbers':
      case 'texts': {
        const [start, end] = [column.starts[row] as number, column.starts[row + 1] as number];
        if (!column.valid[row]) this.nulls++;
        else this.#takeLength(end - start);
        if (column.kind === 'numbers')
          for (let at = start; at < end; at++) this.#takeNumber(column.values[at] as number);
        return;
      }
      default:
        if (column.values[row] === null) this.nulls++;
    }
  }

  #takeText(text: string): void {
    this.#count(text);
    this.#takeLength(text.length);
    if (markForm.test(text)) this.marks.add(text);
    else this.#written.take(text);
    if (this.characters.size <= mostDistinct) for (const character of text) this.characters.add(character);
  }

  #takeNumber(value: number): void {
    this.whole &&= Number.isInteger(value);
    this.least = Math.min(this.least, value);
    this.most = Math.max(this.most, value);
  }

  #takeLength(length: number): void {
    this.shortest = Math.min(this.shortest, length);
    this.longest = Math.max(this.longest, length);
  }

  #count(value: string | number): void {
    this.#values.set(value, (this.#values.get(value) ?? 0) + 1);
  }
}
