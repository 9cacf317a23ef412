/**
 * Checks that bytes are a flatbuffer of some tables before anything follows its offsets: a wrong one would lead a reader
 * to lists of billions, and there is no check in the library that reads it.
 * @see https://flatbuffers.dev/internals, and Arrow's Message.fbs and Schema.fbs
 */

/** What stands in a table, by its fields' numbers. Fields that are not named are scalars, or never followed. */
export interface TableForm {
  readonly [field: number]:
    | { readonly kind: 'text' }
    | { readonly kind: 'table'; readonly form: () => TableForm }
    | { readonly kind: 'tables'; readonly form: () => TableForm }
    /** A list of records of so many bytes. */
    | { readonly kind: 'records'; readonly bytes: number }
    /** One table of several, chosen by the number in another field. */
    | { readonly kind: 'union'; readonly by: number; readonly forms: Readonly<Record<number, () => TableForm>> };
}

const keyValue: TableForm = { 0: { kind: 'text' }, 1: { kind: 'text' } };
const metadata = { kind: 'tables', form: () => keyValue } as const;
/** Types have scalars but for the zone of timestamps (10) and the numbers of unions (14). */
const types: Record<number, () => TableForm> = {
  ...Object.fromEntries(Array.from({ length: 27 }, (_, type) => [type + 1, () => ({})])),
  10: () => ({ 1: { kind: 'text' } }),
  14: () => ({ 1: { kind: 'records', bytes: 4 } }),
};
const encoding: TableForm = { 1: { kind: 'table', form: () => ({}) } };
const field: TableForm = {
  0: { kind: 'text' },
  3: { kind: 'union', by: 2, forms: types },
  4: { kind: 'table', form: () => encoding },
  5: { kind: 'tables', form: () => field },
  6: metadata,
};
const schema: TableForm = { 1: { kind: 'tables', form: () => field }, 2: metadata, 3: { kind: 'records', bytes: 8 } };
const recordBatch: TableForm = {
  1: { kind: 'records', bytes: 16 },
  2: { kind: 'records', bytes: 16 },
  3: { kind: 'table', form: () => ({}) },
  4: { kind: 'records', bytes: 8 },
};
const dictionaryBatch: TableForm = { 1: { kind: 'table', form: () => recordBatch } };
/** A message of Arrow's stream. */
const message: TableForm = {
  2: { kind: 'union', by: 1, forms: { 1: () => schema, 2: () => dictionaryBatch, 3: () => recordBatch } },
  4: metadata,
};

/** The index at the end of a file. */
const footer: TableForm = {
  1: { kind: 'table', form: () => schema },
  2: { kind: 'records', bytes: 24 },
  3: { kind: 'records', bytes: 24 },
  4: metadata,
};

/** Where messages of a file begin. */
export interface FooterOffsets {
  readonly dictionaries: readonly number[];
  readonly batches: readonly number[];
}

/** @throws Error when the bytes are no index of a file */
export function verifyFooter(bytes: Buffer): FooterOffsets {
  const flat = new Flat(bytes);
  const root = flat.target(0);
  flat.verify(root, footer, 0);
  if (flat.at(root, 1) === undefined) throw new Error('an index without columns');
  return { dictionaries: [...flat.longs(root, 2, 24)], batches: [...flat.longs(root, 3, 24)] };
}

/** What a message is, and how many bytes follow it. */
export interface MessageHead {
  readonly kind: 'schema' | 'dictionaryBatch' | 'recordBatch';
  readonly bodyBytes: number;
}

/** @throws Error when the bytes are no message, or one of batches whose parts do not lie in what follows it */
export function verifyMessage(bytes: Buffer): MessageHead {
  const flat = new Flat(bytes);
  const root = flat.target(0);
  flat.verify(root, message, 0);
  const kinds = { 1: 'schema', 2: 'dictionaryBatch', 3: 'recordBatch' } as const;
  const kind = kinds[flat.byte(root, 1) as keyof typeof kinds];
  const bodyBytes = flat.long(root, 3);
  if (kind === undefined || !(bodyBytes >= 0)) throw new Error('a message that is none');
  if (kind !== 'schema') {
    const header = flat.at(root, 2);
    const batch = kind === 'recordBatch' ? header : header && flat.at(header, 1);
    if (!batch) throw new Error('a message without its batch');
    verifyBatch(flat, batch, bodyBytes);
  }
  return { kind, bodyBytes };
}

function verifyBatch(flat: Flat, batch: number, bodyBytes: number): void {
  // A batch may have columns of nothing but nulls, which take no bytes.
  const mostRows = Math.max(bodyBytes * 8, 1 << 20);
  const isLength = (rows: number): boolean => rows >= 0 && rows <= mostRows;
  if (!isLength(flat.long(batch, 0))) throw new Error('a batch of impossible length');
  for (const [rows, nulls] of flat.pairs(batch, 1))
    if (!isLength(rows) || nulls < 0 || nulls > rows) throw new Error('a column of impossible length');
  for (const [offset, length] of flat.pairs(batch, 2))
    if (offset < 0 || length < 0 || offset + length > bodyBytes)
      throw new Error('a part of a column outside of its batch');
}

const deepest = 64;

class Flat {
  private readonly bytes: Buffer;
  /** Tables can be shared: without a limit a few bytes could say very many. */
  private left: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.left = bytes.length;
  }

  /** Where the offset at a place leads to. */
  target(place: number): number {
    this.within(place, 4);
    const target = place + this.bytes.readUInt32LE(place);
    this.within(target, 4);
    return target;
  }

  verify(table: number, form: TableForm, depth: number): void {
    if (depth > deepest || --this.left < 0) throw new Error('tables in tables without end');
    this.within(table, 4);
    const offsets = table - this.bytes.readInt32LE(table);
    this.within(offsets, 4);
    const [size, tableSize] = [this.bytes.readUInt16LE(offsets), this.bytes.readUInt16LE(offsets + 2)];
    this.within(offsets, size);
    this.within(table, tableSize);
    for (let at = offsets + 4; at + 2 <= offsets + size; at += 2)
      if (this.bytes.readUInt16LE(at) >= Math.max(tableSize, 1)) throw new Error('a field outside of its table');
    for (const [number, inner] of Object.entries(form)) {
      const place = this.place(table, Number(number));
      if (place === undefined) continue;
      const target = this.target(place);
      switch (inner.kind) {
        case 'text':
          this.list(target, 1);
          break;
        case 'records':
          this.list(target, inner.bytes);
          break;
        case 'table':
          this.verify(target, inner.form(), depth + 1);
          break;
        case 'tables':
          for (let at = 0, count = this.list(target, 4); at < count; at++)
            this.verify(this.target(target + 4 + 4 * at), inner.form(), depth + 1);
          break;
        case 'union': {
          const chosen = inner.forms[this.byte(table, inner.by)];
          if (chosen === undefined) throw new Error('a part of an unknown kind');
          this.verify(target, chosen(), depth + 1);
        }
      }
    }
  }

  /** The table that a field leads to. */
  at(table: number, field: number): number | undefined {
    const place = this.place(table, field);
    return place === undefined ? undefined : this.target(place);
  }

  byte(table: number, field: number): number {
    const place = this.place(table, field);
    return place === undefined ? 0 : (this.bytes[place] as number);
  }

  long(table: number, field: number): number {
    const place = this.place(table, field);
    if (place === undefined) return 0;
    this.within(place, 8);
    return Number(this.bytes.readBigInt64LE(place));
  }

  /** A list of records of two numbers. */
  *pairs(table: number, field: number): Generator<readonly [number, number]> {
    const list = this.at(table, field);
    if (list === undefined) return;
    for (let at = 0, count = this.list(list, 16); at < count; at++) {
      const place = list + 4 + 16 * at;
      yield [Number(this.bytes.readBigInt64LE(place)), Number(this.bytes.readBigInt64LE(place + 8))];
    }
  }

  /** The first number of each record in a list of records of so many bytes. */
  *longs(table: number, field: number, recordBytes: number): Generator<number> {
    const list = this.at(table, field);
    if (list === undefined) return;
    for (let at = 0, count = this.list(list, recordBytes); at < count; at++)
      yield Number(this.bytes.readBigInt64LE(list + 4 + recordBytes * at));
  }

  /** Where a field stands; undefined when the table does not have it. */
  private place(table: number, field: number): number | undefined {
    const offsets = table - this.bytes.readInt32LE(table);
    if (4 + 2 * field + 2 > this.bytes.readUInt16LE(offsets)) return undefined;
    const offset = this.bytes.readUInt16LE(offsets + 4 + 2 * field);
    return offset === 0 ? undefined : table + offset;
  }

  /** How many elements a list has. */
  private list(place: number, elementBytes: number): number {
    this.within(place, 4);
    const count = this.bytes.readUInt32LE(place);
    this.within(place + 4, count * elementBytes);
    return count;
  }

  private within(place: number, size: number): void {
    if (place < 0 || place + size > this.bytes.length) throw new Error('an offset that leads nowhere');
  }
}
