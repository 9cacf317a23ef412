/** Codes of characters. */
const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Objects inside of objects are counted as deep as this; what is deeper is looked for key by key. */
const countedDepth = 500;

/**
 * Keys that stand more than once in one object: the first such key of each record, by the record's place in the outermost
 * list; 0 where the text is no list. Nearly all texts have none, which is found by counting: a key that stands twice is one
 * key of the value.
 * @param value what `JSON.parse` made of the text
 */
export function repeatedKeys(text: string, value: unknown): ReadonlyMap<number, string> {
  return keysAtMost(text) === keysIn(value, 0) ? new Map() : foundIn(text);
}

/** Colons after a quote: those that follow keys, and perhaps some inside of texts. */
function keysAtMost(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    let before = at - 1;
    while (isSpace(text.charCodeAt(before))) before--;
    if (text.charCodeAt(before) === quote) count++;
  }
  return count;
}

/** The keys of all objects in a value; NaN where it is too deep. */
function keysIn(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth === countedDepth) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) count += keysIn(item, depth + 1);
    return count;
  }
  for (const key in value) {
    const item: unknown = (value as Readonly<Record<string, unknown>>)[key];
    count++;
    if (typeof item === 'object' && item !== null) count += keysIn(item, depth + 1);
  }
  return count;
}

/** The same, key by key. */
function foundIn(text: string): ReadonlyMap<number, string> {
  const repeated = new Map<number, string>();
  /** The keys so far of each object that is open; undefined for each list. */
  const open: (Set<string> | undefined)[] = [];
  let record = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === openBrace) open.push(new Set());
    else if (code === openBracket) open.push(undefined);
    else if (code === closeBrace || code === closeBracket) open.pop();
    else if (code === comma && open.length === 1 && open[0] === undefined) record++;
    else if (code === quote) {
      const end = stringEnd(text, at);
      const keys = open.at(-1);
      if (keys && isKey(text, end)) {
        const key = JSON.parse(text.slice(at, end)) as string;
        if (keys.has(key) && !repeated.has(record)) repeated.set(record, key);
        keys.add(key);
      }
      at = end - 1;
    }
  }
  return repeated;
}

/** The place after the text that begins with the quote at `start`. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === backslash) first--;
  return (at - first) % 2 === 1;
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (isSpace(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === colon;
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
