import type { RouteError } from '../../core/route.ts';
import type { RawColumn, Table } from '../../core/table.ts';
import { pick } from '../column.ts';
import { keyOf as rowKeyOf } from '../file/row.ts';
import { sortRecords } from '../record/sort.ts';
import type { Judge, TableColumn } from '../source.ts';
import { encodeEntry } from './entry.ts';
import type { Request } from './intake.ts';
import { decodeKept, encodeKept } from './kept.ts';
import { keyOf, type NewKey } from './keys.ts';
import { reused } from './refusal.ts';
import { type Answer, type RejectedRecord, recordOf } from './verdict.ts';

/** What is told to who sent a request. */
export interface Outcome {
  readonly answer: Answer;
  /** Whether it is what was told when it was sent before. */
  readonly isRepeated: boolean;
}

/** Requests that are kept together. */
export interface Group {
  /** Of each request. */
  readonly outcomes: readonly (Outcome | RouteError)[];
  readonly rows: number;
  /** The rows, to be kept. */
  readonly value: Buffer;
  readonly keys: readonly NewKey[];
}

export interface GroupContext {
  readonly columns: readonly TableColumn[];
  readonly judge: Judge;
  /** What is kept under a key. */
  readonly find: (key: Buffer) => Buffer | undefined;
  /** Number that the next row will have. */
  readonly next: number;
  /** Whether records of one id are one: samples are, and labels are not, of which a sample may have one after the other. */
  readonly onceById: boolean;
}

/** What is kept under an id: that it is there. */
const present = Buffer.of(1);

/** A record, and where it came from. */
interface Row {
  readonly request: number;
  readonly index: number;
}

/** Notes of one request, until it can be answered. */
class Notes {
  accepted = 0;
  duplicates = 0;
  readonly rejected: RejectedRecord[] = [];
  readonly rejectedLabels: RejectedRecord[] = [];

  answer(): Answer {
    const { accepted, duplicates, rejected, rejectedLabels } = this;
    const byIndex = (one: RejectedRecord, other: RejectedRecord): number => one.index - other.index;
    return { accepted, duplicates, rejected: rejected.toSorted(byIndex), rejectedLabels };
  }
}

/** Judges the records of several requests together: what is kept of them, and what each is told. */
export async function sortGroup(requests: readonly Request[], context: GroupContext): Promise<Group> {
  const known = repeats(requests, context);
  const notes = requests.map(() => new Notes());
  const { rows, columns } = readRecords(requests, known, notes, context);
  const good = await judged(rows, columns, notes, context);
  const outcomes = requests.map((_, at): Outcome | RouteError => {
    const own = known[at];
    if (typeof own === 'number') return { answer: (notes[own] as Notes).answer(), isRepeated: true };
    return own ?? { answer: (notes[at] as Notes).answer(), isRepeated: false };
  });
  const ofRequests = requests.flatMap(({ key }, at): readonly NewKey[] => {
    const { accepted = 0 } = notes[at] ?? {};
    if (!key || known[at] !== undefined || accepted === 0) return [];
    return [{ key: key.key, value: encodeKept(key.digest, (notes[at] as Notes).answer()) }];
  });
  return { outcomes, rows: good.rows, value: good.value, keys: [...ofRequests, ...good.keys] };
}

/** What requests were answered before: by the answer, an error, or the number of an earlier one of the group. */
function repeats(
  requests: readonly Request[],
  { find }: GroupContext,
): readonly (Outcome | RouteError | number | undefined)[] {
  const first = new Map<string, number>();
  return requests.map(({ key: own }, at) => {
    if (!own) return undefined;
    const name = own.key.toString('latin1');
    const earlier = first.get(name);
    if (earlier !== undefined) return requests[earlier]?.key?.digest.equals(own.digest) ? earlier : reused();
    first.set(name, at);
    const found = find(own.key);
    const kept = found && decodeKept(found);
    if (!kept) return undefined;
    return kept.digest.equals(own.digest) ? { answer: kept.answer, isRepeated: true } : reused();
  });
}

function readRecords(
  requests: readonly Request[],
  known: readonly unknown[],
  notes: readonly Notes[],
  { columns }: GroupContext,
): { readonly rows: readonly Row[]; readonly columns: ReadonlyMap<string, RawColumn> } {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const rows: Row[] = [];
  const records: unknown[] = [];
  requests.forEach(({ records: sent }, request) => {
    if (known[request] !== undefined) return;
    sent.forEach((one, index) => {
      const read = recordOf(one, byName);
      if ('fault' in read) notes[request]?.rejected.push({ index, where: `record ${index}`, ...read.fault });
      else {
        rows.push({ request, index });
        records.push(read.record);
      }
    });
  });
  const sorted = sortRecords(records, columns);
  for (const [at, fault] of sorted.faults) {
    const { request, index } = rows[at] as Row;
    notes[request]?.rejected.push({ index, where: `record ${index}`, ...fault });
  }
  return { rows: sorted.records.map((at) => rows[at] as Row), columns: sorted.columns };
}

/** The rows that can be samples and were not accepted before. */
async function judged(
  rows: readonly Row[],
  columns: ReadonlyMap<string, RawColumn>,
  notes: readonly Notes[],
  { judge, find, next, onceById }: GroupContext,
): Promise<Pick<Group, 'rows' | 'value' | 'keys'>> {
  const keys = Int32Array.from(rows, (_, row) => rowKeyOf(0, next + row));
  const table: Table = { rows: rows.length, columns, place: (row) => `record ${rows[row]?.index}`, keys };
  const { faults, ids } = await judge(table);
  const bad = new Set(faults.filter(({ head }) => head === undefined).map(({ row }) => row));
  for (const { row, part, ...fault } of faults) {
    const { request, index } = rows[row] as Row;
    const own = notes[request] as Notes;
    const list = bad.has(row) ? own.rejected : own.rejectedLabels;
    list.push({ index, where: `record ${index}, ${part}`, ...fault });
  }
  const accepted = new Map<string, NewKey>();
  const good: number[] = [];
  rows.forEach(({ request }, row) => {
    if (bad.has(row)) return;
    const own = notes[request] as Notes;
    const id = onceById ? ids?.[row] : undefined;
    if (id !== undefined) {
      const key = keyOf('id', id);
      if (accepted.has(id) || find(key)) {
        own.duplicates++;
        return;
      }
      accepted.set(id, { key, value: present });
    }
    own.accepted++;
    good.push(row);
  });
  const kept =
    good.length === rows.length ? columns : new Map([...columns].map(([name, own]) => [name, pick(own, good)]));
  return { rows: good.length, value: encodeEntry(kept), keys: [...accepted.values()] };
}
