import type { Chunk } from '../core/chunk.ts';
import { chunkBytes, emptyChunk, gatherRows, type RowRefs, sliceChunk } from '../core/rows.ts';
import type { HeldRows } from './state.ts';

/**
 * Rows that an operator holds, as references into the chunks they came in. Chunks of which little is left are copied
 * together, so that what is kept from being freed is at most twice what is held, and the newest chunk.
 */
export class RowList {
  readonly #chunks: Chunk[] = [];
  /** Of each chunk: rows that are held, and bytes of a row. */
  readonly #live: number[] = [];
  readonly #rowBytes: number[] = [];
  /** Numbers of chunks of which nothing is held any more, and those that may be given anew. */
  #dead: number[] = [];
  readonly #free: number[] = [];
  #newest = -1;
  #pinnedBytes = 0;
  #sizeBytes = 0;
  #of: number[] = [];
  #rows: number[] = [];

  /** How many rows are held. */
  get size(): number {
    return this.#of.length;
  }

  /** Bytes of the rows that are held; a row has the average of its chunk. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Bytes of the chunks that are kept from being freed. */
  get pinnedBytes(): number {
    return this.#pinnedBytes;
  }

  /** Makes a chunk known, for rows of it to be held. @returns its number */
  enter(chunk: Chunk): number {
    const number = this.#free.pop() ?? this.#chunks.length;
    const bytes = chunkBytes(chunk);
    this.#chunks[number] = chunk;
    this.#live[number] = 0;
    this.#rowBytes[number] = chunk.rows > 0 ? bytes / chunk.rows : 0;
    this.#pinnedBytes += bytes;
    this.#dead.push(number);
    this.#newest = number;
    return number;
  }

  chunk(number: number): Chunk {
    return this.#chunks[number] as Chunk;
  }

  /** Number of the chunk of the row at this place, and its row there. */
  of(place: number): number {
    return this.#of[place] as number;
  }

  row(place: number): number {
    return this.#rows[place] as number;
  }

  push(of: number, row: number): void {
    this.#hold(of, 1);
    this.#of.push(of);
    this.#rows.push(row);
  }

  set(place: number, of: number, row: number): void {
    this.#hold(of, 1);
    this.#hold(this.of(place), -1);
    this.#of[place] = of;
    this.#rows[place] = row;
  }

  /** Puts the last row in the place of another. */
  fill(place: number): void {
    this.#hold(this.of(place), -1);
    const [of, row] = [this.#of.pop() as number, this.#rows.pop() as number];
    if (place === this.#of.length) return;
    this.#of[place] = of;
    this.#rows[place] = row;
  }

  /** Takes out the rows at these places, which ascend; the others move up. @returns what they refer to */
  take(places: readonly number[]): RowRefs {
    const taken = { of: places.map((place) => this.of(place)), rows: places.map((place) => this.row(place)) };
    const [first = 0] = places;
    let next = 0;
    let to = first;
    for (let place = first; place < this.size; place++) {
      if (places[next] === place) {
        this.#hold(this.of(place), -1);
        next++;
        continue;
      }
      this.#of[to] = this.of(place);
      this.#rows[to++] = this.row(place);
    }
    this.#of.length = to;
    this.#rows.length = to;
    return taken;
  }

  /** Rows as one chunk: a view when they stand together in a chunk, else copies. */
  gather({ of, rows }: RowRefs): Chunk {
    const [chunk, first, count] = [of[0] ?? -1, rows[0] ?? 0, of.length];
    let together = 1;
    while (together < count && of[together] === chunk && rows[together] === first + together) together++;
    if (count > 0 && together === count) return sliceChunk(this.chunk(chunk), first, first + count);
    return gatherRows(this.#chunks, { of, rows });
  }

  /** Rows as one chunk of their own. */
  copy(refs: RowRefs): Chunk {
    return gatherRows(this.#chunks, refs);
  }

  /** Copies what is held of a chunk into one of its own, when that is little. */
  shrink(number: number): void {
    const places = this.#of.flatMap((of, place) => (of === number ? [place] : []));
    if (places.length === 0 || 2 * places.length > this.chunk(number).rows) return;
    const rows = places.map((place) => this.row(place));
    const copy = this.enter(this.copy({ of: rows.map(() => number), rows }));
    places.forEach((place, row) => {
      this.set(place, copy, row);
    });
  }

  /** Lets chunks be freed of which nothing is held, and copies what is left of others. Numbers of chunks end here. */
  compact(): void {
    for (const number of this.#dead) {
      const chunk = this.chunk(number);
      if ((this.#live[number] as number) > 0 || chunk === emptyChunk) continue;
      this.#pinnedBytes -= (this.#rowBytes[number] as number) * chunk.rows;
      this.#chunks[number] = emptyChunk;
      this.#free.push(number);
    }
    this.#dead = [];
    const newest = this.#chunks[this.#newest] ?? emptyChunk;
    const oldBytes = this.#pinnedBytes - (this.#rowBytes[this.#newest] ?? 0) * newest.rows;
    const chunks = this.#chunks.length - this.#free.length;
    if (oldBytes <= 2 * this.#sizeBytes && chunks <= 64 + this.size / 4) return;
    this.restore(this.held());
  }

  /** What is held, as it is now. */
  held(): HeldRows {
    return { chunks: [...this.#chunks], of: Int32Array.from(this.#of), rows: Int32Array.from(this.#rows) };
  }

  /** Holds copies of these rows, and nothing else. */
  restore({ chunks, of, rows }: HeldRows): void {
    const chunk = gatherRows(chunks, { of, rows });
    for (const array of [this.#chunks, this.#live, this.#rowBytes, this.#free]) array.length = 0;
    this.#dead = [];
    this.#of = [];
    this.#rows = [];
    this.#pinnedBytes = 0;
    this.#sizeBytes = 0;
    const number = this.enter(chunk);
    for (let row = 0; row < chunk.rows; row++) this.push(number, row);
    this.#newest = -1;
  }

  #hold(of: number, count: 1 | -1): void {
    const live = (this.#live[of] as number) + count;
    this.#live[of] = live;
    this.#sizeBytes += count * (this.#rowBytes[of] as number);
    if (live === 0) this.#dead.push(of);
  }
}
