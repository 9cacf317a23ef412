import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { Damage, damaged } from './damage.ts';
import { bootOf, chosen, type Meta, metasOf } from './meta.ts';
import { type Node, nodesOf, type Tree, treeOf } from './page.ts';

/** Flags of a node whose data are a tree of their own. */
const isTree = 2;

/**
 * Looks through the file of a store before native code follows what it says: that maps the file and trusts it, so that a
 * page that is not there ends the process. Every page of every tree is looked at: where it is, what it is, that nothing in
 * it reaches beyond it, the order of keys, and that no page has two users. Values are left to their own checksums.
 * @param where the store, as the user knows it
 * @throws ConfigError when the file is damaged
 */
export function verifyStore(path: string, where: string): void {
  let file: number;
  try {
    file = openSync(join(path, 'data.mdb'), 'r');
  } catch (error) {
    // One that is not there yet is made.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (size > 0) new StoreFile(file, size).verify();
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    throw damaged(where, error.message);
  } finally {
    closeSync(file);
  }
}

class StoreFile {
  readonly #file: number;
  readonly #sizeBytes: number;
  /** By page: 1 where somebody has it. */
  #used = new Uint8Array(0);
  #lastFree = 0;
  #meta!: Meta;

  constructor(file: number, sizeBytes: number) {
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  verify(): void {
    this.#meta = chosen(
      metasOf((at, sizeBytes) => this.#read(at, sizeBytes)),
      bootOf(),
    );
    this.#used = new Uint8Array(this.#filePages);
    const { main, free, lastPage } = this.#meta;
    this.#tree(main, 'main', (node) => {
      if (node.flags !== isTree) throw new Damage(`a table without pages, '${node.key.toString('latin1')}'`);
      this.#tree(treeOf(node.data, 0, false), node.key.toString('latin1').replace('\0', ''));
    });
    const spare: Buffer[] = [];
    this.#tree(free, 'free', ({ data }) => void spare.push(data));
    for (const data of spare) this.#spare(data);
    // Pages that were freed before they were written may never have been there.
    if (this.#filePages <= lastPage && this.#lastFree < lastPage)
      throw new Damage(`it is cut off before page ${lastPage}`);
  }

  /** Every page of a tree, depth by depth from its root. */
  #tree({ root, depth, flags, ...counts }: Tree, name: string, each?: (node: Node) => void): void {
    const isNumbered = flags !== 0;
    const found = { leaves: 0, branches: 0, overflows: 0, entries: 0 };
    const open: [page: number, level: number][] = depth === 0 ? [] : [[root, 1]];
    let last: Buffer | undefined;
    for (let top = open.pop(); top; top = open.pop()) {
      const [number, level] = top;
      const isLeaf = level === depth;
      const nodes = nodesOf(this.#page(number, 1), number, isLeaf, this.#meta.transaction);
      found[isLeaf ? 'leaves' : 'branches']++;
      if (!isLeaf) {
        for (const { page } of nodes.toReversed()) open.push([page, level + 1]);
        continue;
      }
      for (const node of nodes) {
        if (last && !isNumbered && Buffer.compare(last, node.key) >= 0)
          throw new Damage(`keys of '${name}' out of order, in page ${number}`);
        last = node.key;
        found.entries++;
        if (node.overflow) {
          found.overflows += this.#overflow(node.overflow.page, node.overflow.pages, node.sizeBytes);
          if (each) each({ ...node, data: this.#read(node.overflow.page * this.#pageBytes + 24, node.sizeBytes) });
        } else if (each) each(node);
      }
    }
    for (const kind of ['leaves', 'branches', 'overflows', 'entries'] as const)
      if (found[kind] !== counts[kind])
        throw new Damage(`${found[kind]} ${kind} of '${name}', which is to have ${counts[kind]}`);
  }

  /** @returns how many pages a value has */
  #overflow(number: number, pages: number, sizeBytes: number): number {
    const head = this.#page(number, pages);
    const isOne =
      head.readUInt16LE(18) === 4 && head.readUInt32LE(20) === pages && Number(head.readBigUInt64LE(0)) === number;
    if (!isOne || sizeBytes > pages * this.#pageBytes - 24) throw new Damage(`page ${number} is not of a long value`);
    return pages;
  }

  /**
   * Pages that may be written over: none that is in use. After how many there are they follow, with zeros between them; a
   * run of pages is its length, below 0, and the first of them.
   */
  #spare(data: Buffer): void {
    const count = data.length < 8 ? -1 : Number(data.readBigInt64LE(0));
    if (count < 0 || 8 * (count + 1) > data.length) throw new Damage('a list of free pages is cut off');
    for (let at = 1, run = 1; at <= count; at++) {
      const number = Number(data.readBigInt64LE(8 * at));
      if (number < 0) run = -number;
      if (number <= 0) continue;
      const last = number + run - 1;
      if (last > this.#meta.lastPage) throw new Damage(`page ${last} is free, and none of the file's`);
      for (let page = number; page <= last && page < this.#filePages; page++) this.#take(page);
      this.#lastFree = Math.max(this.#lastFree, last);
      run = 1;
    }
  }

  /** The first of some pages that follow each other, which nobody else has. */
  #page(number: number, pages: number): Buffer {
    const end = number + pages;
    if (number < 2 || end > this.#meta.lastPage + 1) throw new Damage(`page ${number} is none of the file's`);
    if (end > this.#filePages) throw new Damage(`it is cut off before page ${end - 1}`);
    for (let own = number; own < end; own++) this.#take(own);
    return this.#read(number * this.#pageBytes, this.#pageBytes);
  }

  #take(page: number): void {
    if (this.#used[page]) throw new Damage(`page ${page} has two users`);
    this.#used[page] = 1;
  }

  get #filePages(): number {
    return Math.floor(this.#sizeBytes / this.#pageBytes);
  }

  get #pageBytes(): number {
    return this.#meta.pageBytes;
  }

  #read(at: number, sizeBytes: number): Buffer {
    const bytes = Buffer.alloc(sizeBytes);
    if (readSync(this.#file, bytes, 0, sizeBytes, at) < sizeBytes) throw new Damage('it is cut off');
    return bytes;
  }
}
