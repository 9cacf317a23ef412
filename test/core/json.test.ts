import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote } from '../../src/core/format.ts';
import { type Parsed, parseRecord, parseRecords } from '../../src/core/json.ts';

/** A text of JSON as it is put together, by which one can say what stands twice without reading it. */
type Tree =
  | { readonly leaf: string }
  | { readonly list: readonly Tree[] }
  | { readonly members: readonly { readonly key: string; readonly value: Tree }[] };

const space = fc.constantFrom('', '', '', ' ', '\t', '\n', ' \r\n ');
/** Texts in which there is what a reader could take for the end of a text, or for a key. */
const said = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    '',
    ':',
    ': ',
    'a:b',
    '"',
    '":',
    '" :',
    '\\',
    '\\"',
    '\\\\":',
    '{',
    '},',
    '[',
    ',',
    '__proto__',
  ),
  fc.constantFrom('toString', 'constructor', 'length', '\u2028', '\n', 'ä'),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
/** A text as JSON, each character as it is or by its number. */
const written = fc.tuple(said, fc.infiniteStream(fc.boolean())).map(
  ([text, escapes]) =>
    `"${text
      .split('')
      .map((unit) =>
        escapes.next().value
          ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
          : JSON.stringify(unit).slice(1, -1),
      )
      .join('')}"`,
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(written, fc.constantFrom('0', '-1.5e3', 'true', 'null')).map((leaf) => ({ leaf })),
    fc.array(tie('tree'), { maxLength: 4 }).map((list) => ({ list })),
    fc.array(fc.record({ key: written, value: tie('tree') }), { maxLength: 4 }).map((members) => ({ members })),
  ),
}));

function textOf(one: Tree, spaces: Iterator<string>): string {
  const gap = (): string => spaces.next().value as string;
  const listed = (texts: readonly string[]): string => texts.map((text) => `${gap()}${text}${gap()}`).join(',');
  if ('leaf' in one) return one.leaf;
  if ('list' in one) return `[${gap()}${listed(one.list.map((item) => textOf(item, spaces)))}]`;
  const members = one.members.map(({ key, value }) => `${key}${gap()}:${gap()}${textOf(value, spaces)}`);
  return `{${gap()}${listed(members)}}`;
}

/** The keys that stand more than once, in the order in which they are read again. */
function repeatedIn(one: Tree): readonly string[] {
  if ('leaf' in one) return [];
  if ('list' in one) return one.list.flatMap(repeatedIn);
  const seen = new Set<string>();
  return one.members.flatMap(({ key, value }) => {
    const name = JSON.parse(key) as string;
    const again = seen.has(name) ? [name] : [];
    seen.add(name);
    return [...again, ...repeatedIn(value)];
  });
}

const verdictOn = (one: Tree, value: unknown): Parsed => {
  const [key] = repeatedIn(one);
  return key === undefined ? { value } : duplicate(key);
};

function duplicate(key: string): Parsed {
  const found = `${quote(key)} more than once`;
  return { fault: { reason: 'duplicateKey', expected: 'each key of an object once', found } };
}

describe('a record', () => {
  it.each<[string, string | undefined]>([
    ['{"a":1,"b":2}', undefined],
    ['{"a":1,"a":1}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"x":{"a":1},"y":{"a":1},"z":[{"a":1},{"a":1}]}', undefined],
    ['{"x":[0,{"b":[{"a":1,"c":":","a":2}]}]}', 'a'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"__proto__":1,"constructor":2,"hasOwnProperty":3}', undefined],
    // Colons in texts, where keys could be thought to be.
    ['{"a":":","b":"\\":","c":"\\\\","d":"at 10:30:00"}', undefined],
    ['{"a":"\\u003a","a":1}', 'a'],
    ['{"a":":x","a":1}', 'a'],
    ['{ "a" : 1 , "a"\t:\n2 }', 'a'],
    ['{"":1,"":2}', ''],
    ['["a","a"]', undefined],
    ['"a"', undefined],
  ])('%s', (text, key) => {
    expect(parseRecord(text)).toEqual(key === undefined ? { value: JSON.parse(text) } : duplicate(key));
  });

  it('that is no JSON says so', () => {
    expect(parseRecord('{"a":1,"a"')).toMatchObject({ fault: { reason: 'malformed', expected: 'an object of JSON' } });
  });

  it('may be as deep and as long as it likes', () => {
    const deep = 20_000;
    const nested = (inner: string): string => `${'{"a":['.repeat(deep)}${inner}${']}'.repeat(deep)}`;
    expect(parseRecord(nested('{"b":1}'))).toHaveProperty('value');
    expect(parseRecord(nested('{"b":1,"b":2}'))).toEqual(duplicate('b'));
    const long = 'x'.repeat(5_000_000);
    expect(parseRecord(`{"a":":${long}","b":1,"b":2}`)).toEqual(duplicate('b'));
  });

  it('is judged as its parts say, whatever they are', () => {
    fc.assert(
      fc.property(tree, fc.infiniteStream(space), (one, spaces) => {
        const text = textOf(one, spaces);
        expect(parseRecord(text)).toEqual(verdictOn(one, JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a list of records', () => {
  it('has those that are good, and the others each with its reason', () => {
    expect(parseRecords(' [{"a":1}, {"a":1,"a":2}, 7, {"b":{"c":1,"d":[1,2],"c":2}}]')).toEqual({
      records: [{ value: { a: 1 } }, duplicate('a'), { value: 7 }, duplicate('c')],
    });
    expect(parseRecords('{"a":1}')).toEqual({ value: { a: 1 } });
  });

  it('is judged record by record, as their parts say', () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 5 }), fc.infiniteStream(space), (list, spaces) => {
        const text = textOf({ list }, spaces);
        const values = JSON.parse(text) as readonly unknown[];
        expect(parseRecords(text)).toEqual({ records: list.map((one, at) => verdictOn(one, values[at])) });
      }),
      { numRuns: 300 },
    );
  });
});
