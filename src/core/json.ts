import type { Fault } from './fault.ts';
import { quote } from './format.ts';
import { repeatedKeys } from './repeated-key.ts';

/** A value of JSON, or why the text is none that can be taken. */
export type Parsed = { readonly value: unknown } | { readonly fault: Fault };

/** Reads a record: JSON, each key of an object once. Of two values for one key nobody could say which is meant. */
export function parseRecord(text: string): Parsed {
  const parsed = parseJson(text);
  if ('fault' in parsed) return parsed;
  const [repeated] = repeatedKeys(text, parsed.value).values();
  return repeated === undefined ? parsed : repeatedFault(repeated);
}

/** Reads a list of records; whatever else the text is comes as it is. */
export function parseRecords(text: string): Parsed | { readonly records: readonly Parsed[] } {
  const parsed = parseJson(text);
  if ('fault' in parsed || !Array.isArray(parsed.value)) return parsed;
  const repeated = repeatedKeys(text, parsed.value);
  const records = parsed.value.map((value: unknown, at): Parsed => {
    const key = repeated.get(at);
    return key === undefined ? { value } : repeatedFault(key);
  });
  return { records };
}

function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { fault: { reason: 'malformed', expected: 'an object of JSON', found: (error as Error).message } };
  }
}

function repeatedFault(key: string): Parsed {
  const expected = 'each key of an object once';
  return { fault: { reason: 'duplicateKey', expected, found: `${quote(key)} more than once` } };
}
