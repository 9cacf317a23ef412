import { isUtf8 } from 'node:buffer';
import { formatBytes } from '../../core/format.ts';

/** A place between two records of a file. */
export type Mark = {
  /** Bytes and records before it. */
  readonly byte: number;
  readonly row: number;
  /** The line that begins there, from 1. */
  readonly line: number;
  /** Whether it is inside of a line that was too long: the rest of that line is skipped. */
  readonly inLine?: boolean;
};

/** Why a record can't be read, whatever its format. */
export interface RecordFault {
  readonly reason: 'lineTooLong' | 'encoding' | 'malformed';
  readonly expected: string;
  readonly found: string;
}

/** Records of a file that follow one another. Blank lines are none. */
export interface Block {
  readonly bytes: Buffer;
  /** Where each record begins in `bytes`, and where it ends, its line end left out. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Line of the file where each begins. */
  readonly lines: readonly number[];
  /** Records that can't be read, by their place in the block. */
  readonly faults: ReadonlyMap<number, RecordFault>;
  readonly mark: Mark;
  readonly next: Mark;
}

export interface RecordOptions {
  readonly from: Mark;
  /** The longest record, in bytes. */
  readonly lineBytes: number;
  /** For formats in which a quoted field may hold line ends: the codes of the characters. */
  readonly quoting?: Quoting;
}

export interface Quoting {
  readonly quote: number;
  readonly delimiter: number;
}

const [lineFeed, carriageReturn, space] = [10, 13, 32];
/** Bytes of a block, unless records may be longer. Smaller ones cost more questions to DuckDB, larger ones memory. */
const usualBlockBytes = 4 << 20;

/** Cuts what a file holds into records. Holds no more than a few blocks, however long lines are. */
export async function* blocksOf(pieces: AsyncIterable<Buffer>, options: RecordOptions): AsyncGenerator<Block> {
  const blockBytes = Math.max(usualBlockBytes, 2 * options.lineBytes);
  let mark = options.from;
  let held: Buffer[] = [];
  let heldBytes = 0;

  function* blocks(isLast: boolean): Generator<Block> {
    let window: Buffer = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held, heldBytes);
    while (window.length > 0 && (isLast || window.length >= blockBytes)) {
      const rest = mark.inLine ? afterLine(window, mark) : mark;
      if (rest === mark) {
        const block = blockIn(window.subarray(0, blockBytes), isLast && window.length <= blockBytes, mark, options);
        window = window.subarray(block.next.byte - mark.byte);
        mark = block.next;
        yield block;
      } else {
        window = window.subarray(rest.byte - mark.byte);
        mark = rest;
      }
    }
    held = window.length === 0 ? [] : [window];
    heldBytes = window.length;
  }

  for await (const piece of pieces) {
    held.push(piece);
    heldBytes += piece.length;
    if (heldBytes >= blockBytes) yield* blocks(false);
  }
  yield* blocks(true);
}

/** The place after the line that `mark` is in, or after the window when the line does not end there. */
function afterLine(window: Buffer, { byte, row, line }: Mark): Mark {
  const end = window.indexOf(lineFeed);
  return end === -1
    ? { byte: byte + window.length, row, line, inLine: true }
    : { byte: byte + end + 1, row, line: line + 1 };
}

/** The records that end in the window. It is longer than any record may be, or the last. */
function blockIn(window: Buffer, isLast: boolean, mark: Mark, { lineBytes, quoting }: RecordOptions): Block {
  const [starts, ends, lines]: [number[], number[], number[]] = [[], [], []];
  const faults = new Map<number, RecordFault>();
  const quotes = quoting !== undefined && window.includes(quoting.quote) ? quoting : undefined;
  let [at, line] = [0, mark.line];
  while (at < window.length) {
    const lineEnd = orEnd(window.indexOf(lineFeed, at), window);
    const recordEnd = quotes === undefined ? lineEnd : endOfRecord(window, at, quotes, isLast);
    const isTooLong = (recordEnd ?? window.length) - at > lineBytes;
    const mayGoOn = !isLast && (recordEnd ?? window.length) === window.length;
    if (mayGoOn && !isTooLong) break;
    const isBad = isTooLong || recordEnd === undefined;
    if (isBad) faults.set(starts.length, lineEnd - at > lineBytes ? tooLong(lineBytes) : unclosed(lineBytes));
    // What is given up ends with its line, so that the lines after it are read.
    const end = isBad ? lineEnd : recordEnd;
    const textEnd = end > at && window[end - 1] === carriageReturn ? end - 1 : end;
    if (textEnd > at) {
      starts.push(at);
      ends.push(textEnd);
      lines.push(line);
    }
    line += end === lineEnd ? 1 : lineEndsIn(window, at, end) + 1;
    at = end + 1;
  }
  const inLine = at > window.length && !isLast;
  const bytes = window.subarray(0, at);
  if (!isUtf8(bytes))
    for (let index = 0; index < starts.length; index++)
      if (!faults.has(index) && !isUtf8(bytes.subarray(starts[index], ends[index]))) faults.set(index, notUtf8);
  const next = {
    byte: mark.byte + bytes.length,
    row: mark.row + starts.length,
    line: inLine ? line - 1 : line,
    ...(inLine && { inLine }),
  };
  return { bytes, starts, ends, lines, faults, mark, next };
}

/** Where a record with quoted fields ends; undefined when a quote is open at the end of the window. */
function endOfRecord(
  window: Buffer,
  start: number,
  { quote, delimiter }: Quoting,
  isLast: boolean,
): number | undefined {
  for (let at = start; ; at++) {
    while (window[at] === space && delimiter !== space) at++;
    if (window[at] === quote) {
      // Two quotes are one in the field's text.
      let close = window.indexOf(quote, at + 1);
      while (close !== -1 && window[close + 1] === quote) close = window.indexOf(quote, close + 2);
      if (close === -1 || (close + 1 === window.length && !isLast)) return undefined;
      at = close + 1;
    }
    while (at < window.length && window[at] !== delimiter && window[at] !== lineFeed) at++;
    if (at >= window.length || window[at] === lineFeed) return Math.min(at, window.length);
  }
}

function orEnd(index: number, window: Buffer): number {
  return index === -1 ? window.length : index;
}

function lineEndsIn(window: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = window.indexOf(lineFeed, start); at !== -1 && at < end; at = window.indexOf(lineFeed, at + 1)) count++;
  return count;
}

function tooLong(lineBytes: number): RecordFault {
  return { reason: 'lineTooLong', expected: `a line of at most ${formatBytes(lineBytes)}`, found: 'a longer one' };
}

function unclosed(lineBytes: number): RecordFault {
  const found = `a quote that is not closed within ${formatBytes(lineBytes)}`;
  return { reason: 'malformed', expected: 'quotes in pairs', found };
}

const notUtf8: RecordFault = { reason: 'encoding', expected: 'text in UTF-8', found: 'bytes that are none' };
