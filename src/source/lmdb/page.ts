import { Damage } from './damage.ts';

/** A tree of pages, as LMDB describes it (`MDB_db`). */
export interface Tree {
  /** What keys are like: 0, for bytes. */
  readonly flags: number;
  readonly depth: number;
  readonly branches: number;
  readonly leaves: number;
  readonly overflows: number;
  readonly entries: number;
  readonly root: number;
}

/** Something in a page (`MDB_node`): of a branch, the page below; of a leaf, a key with its value. */
export interface Node {
  readonly key: Buffer;
  readonly page: number;
  readonly flags: number;
  readonly sizeBytes: number;
  readonly data: Buffer;
  /** Where the value is, when it is too long for its page. */
  readonly overflow: { readonly page: number; readonly pages: number } | undefined;
}

/** Bytes before what a page holds (`MDB_page_header`): number, transaction, flags, and where the free space begins and ends. */
const header = 24;
const [branch, leaf] = [1, 2];
const nodeHeader = 8;
const treeBytes = 48;

/** Keys are numbers, as in the list of free pages; the upper bits are the store's. */
const numbered = 8;

/** @param at where it begins */
export function treeOf(bytes: Buffer, at: number, isNumbered: boolean): Tree {
  if (bytes.length < at + treeBytes) throw new Damage('a table that is cut off');
  const long = (offset: number): number => Number(bytes.readBigUInt64LE(at + offset));
  const [flags, depth] = [bytes.readUInt16LE(at + 4) & 0xff, bytes.readUInt16LE(at + 6)];
  if (flags !== (isNumbered ? numbered : 0)) throw new Damage('a table with keys of another kind');
  return { flags, depth, branches: long(8), leaves: long(16), overflows: long(24), entries: long(32), root: long(40) };
}

/** What is in a page. @param transaction the last one. @throws Damage when it is another page, or reaches beyond itself */
export function nodesOf(page: Buffer, number: number, isLeaf: boolean, transaction: number): readonly Node[] {
  const fault = (what: string): Damage => new Damage(`page ${number} ${what}`);
  if (Number(page.readBigUInt64LE(0)) !== number) throw fault('has another number');
  if (Number(page.readBigUInt64LE(8)) > transaction) throw fault('is of a later transaction');
  if (page.readUInt16LE(18) !== (isLeaf ? leaf : branch)) throw fault(`is no ${isLeaf ? 'leaf' : 'branch'}`);
  const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)];
  if (lower % 2 !== 0 || lower > upper || header + upper > page.length || lower < (isLeaf ? 2 : 4))
    throw fault('has no bounds');
  const nodes: Node[] = [];
  for (let at = header; at < header + lower; at += 2) {
    const offset = page.readUInt16LE(at);
    const begin = header + offset;
    if (offset < upper || offset % 2 !== 0 || begin + nodeHeader > page.length) throw fault('has a value outside');
    const [low, high, flags] = [page.readUInt16LE(begin), page.readUInt16LE(begin + 2), page.readUInt16LE(begin + 4)];
    const dataAt = begin + nodeHeader + page.readUInt16LE(begin + 6);
    const sizeBytes = low + high * 2 ** 16;
    const inPage = !isLeaf ? 0 : flags === 1 ? header : sizeBytes;
    if (dataAt + inPage > page.length) throw fault('has a value that is longer than it');
    if (isLeaf && flags > 2) throw fault('has a value of another kind');
    const data = page.subarray(dataAt, dataAt + inPage);
    const isLong = isLeaf && flags === 1;
    nodes.push({
      key: page.subarray(begin + nodeHeader, dataAt),
      page: sizeBytes + flags * 2 ** 32,
      flags,
      sizeBytes,
      data,
      overflow: isLong ? { page: Number(data.readBigUInt64LE(0)), pages: Number(data.readBigUInt64LE(16)) } : undefined,
    });
  }
  return nodes;
}
