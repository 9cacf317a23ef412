import { readFileSync } from 'node:fs';
import { Damage } from './damage.ts';
import { type Tree, treeOf } from './page.ts';

/** What a store began with a transaction (`MDB_meta`). */
export interface Meta {
  readonly pageBytes: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly transaction: number;
  /** Whether it may not have been on the disk when it was written. */
  readonly isOverlapping: boolean;
  /** Of the machine's start in which it was written. */
  readonly boot: number;
}

const magic = 0xbeefc0de;
const version = 2;
const metaBytes = 168;
const pageSizes = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536];
const [isMeta, overlapping] = [8, 0x1000];

/**
 * The metas of a file, in its first two pages: of the last two transactions in turn, and, where commits do not wait for the
 * disk, of one that is there for certain.
 */
export function metasOf(read: (at: number, sizeBytes: number) => Buffer): readonly [Meta, Meta, Meta | undefined] {
  const first = metaAt(read(0, metaBytes), 0);
  const { pageBytes } = first;
  if (!pageSizes.includes(pageBytes)) throw new Damage(`its pages have ${pageBytes} bytes`);
  const second = metaAt(read(pageBytes, metaBytes), 1);
  if (second.pageBytes !== pageBytes) throw new Damage('its pages have two sizes');
  const between = read(pageBytes / 2, metaBytes);
  const third = between.readBigUInt64LE(152) === 0n ? undefined : metaAt(between, undefined);
  // Each writes over the one before the last.
  const [even, odd] = [first.transaction, second.transaction];
  const isNew = even === 0 && odd <= 1;
  const isInTurn = even % 2 === 0 && odd % 2 === 1 && Math.abs(even - odd) === 1;
  if (!third && !isNew && !isInTurn) throw new Damage('its last two transactions do not follow each other');
  return [first, second, third];
}

/** @param number of its page; the one between them says nothing of what it is */
function metaAt(bytes: Buffer, number: number | undefined): Meta {
  const isOne =
    number === undefined ||
    (Number(bytes.readBigUInt64LE(0)) === number &&
      bytes.readUInt16LE(18) === isMeta &&
      bytes.readUInt32LE(24) === magic &&
      (bytes.readUInt32LE(28) & 0xffff) === version);
  if (!isOne) throw new Damage(number === 0 ? 'it does not begin as one' : 'its second page is another');
  return {
    pageBytes: bytes.readUInt32LE(48),
    isOverlapping: (bytes.readUInt16LE(52) & overlapping) !== 0,
    free: treeOf(bytes, 48, true),
    main: treeOf(bytes, 96, false),
    lastPage: Number(bytes.readBigUInt64LE(144)),
    transaction: Number(bytes.readBigUInt64LE(152)),
    boot: Number(bytes.readBigInt64LE(160)),
  };
}

/**
 * The one that LMDB goes on from (`mdb_env_pick_meta`): the newest; but where commits do not wait for the disk and the
 * machine was started again since, the oldest.
 */
export function chosen([first, second, third]: readonly [Meta, Meta, Meta | undefined], boot: number): Meta {
  const of = (one: Meta, other: Meta): Meta => {
    const [newest, oldest] = one.transaction >= other.transaction ? [one, other] : [other, one];
    if (!third) return newest;
    if (other.transaction === 0) return one;
    return (newest.boot !== 0 && newest.boot === boot) || !newest.isOverlapping ? newest : oldest;
  };
  const own = of(first, second);
  return third ? of(own, third) : own;
}

/** What LMDB tells one start of the machine from another by; 0 where the system says nothing. */
export function bootOf(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8), 16);
  } catch {
    return 0;
  }
}
