import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Parsed, parseRecord, parseRecords } from '../../core/json.ts';
import { textOf } from '../../core/json-body.ts';
import { RouteError } from '../../core/route.ts';

export const ndjsonTypes = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'] as const;
export const arrayType = 'application/json';

/**
 * The records of a body: lines of JSON, or one array. A line that is no JSON is a record that can't be read.
 * @throws RouteError when the body is no text, no array, or has more than `most` records
 */
export async function recordsOf(body: Uint8Array, mediaType: string, most: number): Promise<readonly Parsed[]> {
  const text = textOf(body);
  const records = mediaType === arrayType ? arrayIn(text) : await linesIn(text, most);
  if (records.length > most) throw tooMany(most);
  return records;
}

function arrayIn(text: string): readonly Parsed[] {
  const parsed = parseRecords(text);
  if ('records' in parsed) return parsed.records;
  if ('fault' in parsed)
    throw new RouteError(400, { where: 'body', expected: 'an array of records as JSON', found: parsed.fault.found });
  const hint = `for one record in each line: content-type ${ndjsonTypes[0]}`;
  throw new RouteError(400, { where: 'body', expected: 'an array of records', found: 'something else', hint });
}

/** Characters of lines that are parsed before somebody else has a turn. */
const sliceLength = 2 ** 16;

/** An array is parsed as a whole; lines are in slices, so that a large body does not keep probes and scrapes waiting. */
async function linesIn(text: string, most: number): Promise<readonly Parsed[]> {
  const records: Parsed[] = [];
  let sliceEnd = sliceLength;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end).trim();
    if (line !== '') records.push(parseRecord(line));
    if (records.length > most) throw tooMany(most);
    start = end + 1;
    if (start < sliceEnd || start >= text.length) continue;
    sliceEnd = start + sliceLength;
    await turn();
  }
  return records;
}

let last = Promise.resolve();

/** The next turn of the event loop that is nobody else's: of several bodies one goes on in each. */
function turn(): Promise<void> {
  last = last.then(() => nextTurn());
  return last;
}

function tooMany(most: number): RouteError {
  const expected = `at most ${most.toLocaleString('en-US')} records`;
  return new RouteError(413, { where: 'body', expected, found: 'more', hint: 'send them in parts' });
}
