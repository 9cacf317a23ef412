import type { Rejected } from '../../core/chunk.ts';
import type { Fault } from '../../core/fault.ts';
import type { RawColumn } from '../../core/table.ts';
import { emptyColumn, pick } from '../column.ts';
import type { Scanned, ScanOptions } from './reader.ts';
import type { Block } from './record.ts';
import { isInShard } from './row.ts';

/** Records of a block that were read. */
export interface Part {
  readonly columns: ReadonlyMap<string, RawColumn>;
  /** The place in the block of each. */
  readonly records: readonly number[];
  /** Whether one of them is wanted, by its place in the part; all when left out. */
  isChosen?(at: number): boolean;
}

/**
 * What of a block is handed on: the rows of the shard from where reading begins, with what was rejected between them.
 * @param parts in the order of the file
 * @param faults of records that were rejected, by their place in the block
 */
export function* handOn(
  path: string,
  block: Block,
  parts: readonly Part[],
  faults: ReadonlyMap<number, Fault>,
  { file, from, shard, columns }: ScanOptions,
): Generator<Scanned> {
  const isWanted = (record: number): boolean => {
    const row = block.mark.row + record;
    return row >= from && isInShard(shard, file, row);
  };
  const read = parts.map((part) => wantedOf(part, isWanted)).filter(({ records }) => records.length > 0);
  const rejected = [...faults]
    .filter(([record]) => isWanted(record))
    .sort(([a], [b]) => a - b)
    .map(([record, fault]) => ({ row: block.mark.row + record, value: rejectedOf(path, block, record, fault) }));
  if (read.length === 0 && rejected.length > 0)
    read.push({ columns: new Map(columns.map(({ name, kind }) => [name, emptyColumn(kind)])), records: [] });
  let first = block.mark.row;
  for (const [at, part] of read.entries()) {
    const following = read[at + 1]?.records[0];
    const next = following === undefined ? block.next.row : block.mark.row + following;
    yield {
      columns: new Map(columns.map(({ name, kind }) => [name, part.columns.get(name) ?? emptyColumn(kind)])),
      rows: part.records.map((record) => block.mark.row + record),
      lines: part.records.map((record) => block.lines[record] as number),
      rejected: rejected.filter(({ row }) => row >= first && row < next),
      mark: block.mark,
      next: { row: next, mark: following === undefined ? block.next : block.mark },
    };
    first = next;
  }
}

function wantedOf(part: Part, isWanted: (record: number) => boolean): Part {
  const kept: number[] = [];
  part.records.forEach((record, at) => {
    if (isWanted(record) && part.isChosen?.(at) !== false) kept.push(at);
  });
  if (kept.length === part.records.length) return part;
  const columns = [...part.columns].map(([name, column]) => [name, pick(column, kept)] as const);
  return { columns: new Map(columns), records: kept.map((at) => part.records[at] as number) };
}

/** How much is kept of a record that was too long, in bytes. */
const keptBytes = 1000;

function rejectedOf(path: string, { bytes, starts, ends, lines }: Block, record: number, fault: Fault): Rejected {
  const { reason, ...issue } = fault;
  const [start, end] = [starts[record] as number, ends[record] as number];
  const kept = bytes.subarray(start, reason === 'lineTooLong' ? Math.min(end, start + keptBytes) : end);
  return { reason, issue: { where: `${path}:${lines[record]}`, ...issue }, record: kept.toString('utf8') };
}
