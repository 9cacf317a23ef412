import { SourceError } from '../../core/error.ts';
import { formatValue, quote } from '../../core/format.ts';
import { bytesOf } from '../file/bytes.ts';
import { type Block, blocksOf, type Mark } from '../file/record.ts';
import { type CsvFormat, fieldsOf } from './format.ts';

/** What is known of a file before its rows are read. */
export interface Layout {
  readonly names: readonly string[];
  /** Where the first row begins. */
  readonly begin: Mark;
  /** Rows from there on; undefined when there are none. */
  readonly sample: Block | undefined;
}

const quoteCode = 0x22;

/** The records of a file from a place on. */
export function recordsOf(
  path: string,
  from: Mark,
  { delimiter, lineBytes, maxBytes }: CsvFormat,
  signal: AbortSignal | undefined,
): AsyncGenerator<Block> {
  const quoting = { quote: quoteCode, delimiter: delimiter.charCodeAt(0) };
  return blocksOf(bytesOf(path, { from: from.byte, maxBytes, signal }), { from, lineBytes, quoting });
}

/**
 * Names of the columns, and where the rows begin.
 * @throws SourceError when there is no line to take the names from, or a name is missing or there twice
 */
export async function layoutOf(path: string, format: CsvFormat, signal: AbortSignal | undefined): Promise<Layout> {
  let sample: Block | undefined;
  for await (const block of recordsOf(path, { byte: 0, row: 0, line: 1 }, format, signal)) {
    sample = block;
    break;
  }
  const { header, delimiter } = format;
  const fault = sample?.faults.get(0);
  if (sample === undefined || sample.starts.length === 0) {
    if (header || format.names === undefined)
      throw new SourceError({ where: path, expected: 'a line with the names of the columns', found: 'an empty file' });
    return { names: format.names, begin: { byte: 0, row: 0, line: 1 }, sample: undefined };
  }
  if (fault !== undefined && header) {
    const { expected, found } = fault;
    throw new SourceError({ where: `${path}:${sample.lines[0]}`, expected, found });
  }
  const [start, end] = [sample.starts[0] as number, sample.ends[0] as number];
  const first = fieldsOf(sample.bytes.toString('utf8', start, end).replace(/^\uFEFF/, ''), delimiter);
  const names = format.names ?? (header ? first : first.map((_, at) => `column${at + 1}`));
  if (header && format.names === undefined && first.length === 1)
    refuseOtherDelimiter(sample, delimiter, `${path}:${sample.lines[0]}`);
  checkNames(names, `${path}:${sample.lines[0]}`);
  if (!header) return { names, begin: { byte: 0, row: 0, line: 1 }, sample };
  const byte = sample.starts[1] ?? sample.bytes.length;
  const line = sample.lines[1] ?? sample.next.line;
  return { names, begin: { byte, row: 0, line }, sample: afterFirst(sample) };
}

function afterFirst(block: Block): Block {
  const faults = new Map([...block.faults].filter(([at]) => at > 0).map(([at, fault]) => [at - 1, fault]));
  return { ...block, starts: block.starts.slice(1), ends: block.ends.slice(1), lines: block.lines.slice(1), faults };
}

const delimiters = [',', ';', '\t', '|'];
/** Lines that are looked at for another delimiter. */
const looked = 20;

/** @throws SourceError when one column would be several by another delimiter, in the first lines alike */
function refuseOtherDelimiter({ bytes, starts, ends, faults }: Block, delimiter: string, where: string): void {
  const lines = [...starts.slice(0, looked).keys()]
    .filter((record) => !faults.has(record))
    .map((record) => bytes.toString('utf8', starts[record], ends[record]));
  const fields = (line: string, by: string): number => fieldsOf(line, by).length;
  const other = delimiters.find((by) => {
    const count = fields(lines[0] as string, by);
    return by !== delimiter && count > 1 && lines.every((line) => fields(line, by) === count);
  });
  if (other === undefined) return;
  const types: Readonly<Record<string, string>> = { '\t': 'type: tsv', ',': 'type: csv' };
  throw new SourceError({
    where,
    expected: `the names of columns, parted by ${formatValue(delimiter)}`,
    found: `one column, ${formatValue(lines[0])}`,
    hint: `they are parted by ${formatValue(other)}: ${types[other] ?? `type: csv, delimiter: '${other}'`}`,
  });
}

function checkNames(names: readonly string[], where: string): void {
  const seen = new Set<string>();
  const issues = names.flatMap((name) => {
    const isBad = name.trim() === '' || seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    return isBad
      ? [
          {
            where,
            expected: 'columns with names of their own, capitals aside',
            found: name.trim() === '' ? formatValue(name) : `${quote(name)}, twice`,
          },
        ]
      : [];
  });
  if (issues.length > 0) throw new SourceError(issues);
}
