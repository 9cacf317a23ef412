import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError, formatIssue } from '../../../src/core/error.ts';
import { formatValue, shorten } from '../../../src/core/format.ts';
import { readDocument } from '../../../src/pipeline/file/document.ts';

const environment = { DATA: '/srv/data', PORT: '9464', TOKEN: 'hush-hush', EMPTY: '' };
const read = (text: string): ReturnType<typeof readDocument> => readDocument(text, 'p.yaml', environment);

function messageOf(text: string): string {
  try {
    return JSON.stringify(read(text).value);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

describe('what is wrong with the YAML itself', () => {
  test.each<[string, string, string]>([
    [
      'a tab as indentation',
      'stream:\n\tfrom: train\n',
      'p.yaml:2:1: expected spaces; found a tab as indentation\n  hint: indent with two spaces',
    ],
    [
      'an indentation that fits nothing',
      'a:\n  b: 1\n c: 2\n',
      'p.yaml:3:1: expected lines that belong together to begin in the same column, and brackets to be closed; found another indentation',
    ],
    ['an option twice', 'a: 1\nb: 2\na: 3\n', 'p.yaml:3:1: expected each option once; found one that was given before'],
    [
      'a colon that is missing',
      'name: x\nstream\n  from: train\n',
      "p.yaml:2:1: expected an option with a ':' after its name; found a name that goes on in the next line\n  hint: is the ':' missing, or a space before '- '?",
    ],
    [
      'a colon in a text',
      'a: one: two\n',
      "p.yaml:1:4: expected one option on a line, and items of a list in one column; found something that begins inside another\n  hint: put quotes round a text that has ': ' in it, and check the indentation",
    ],
    ['a quote that is not closed', 'a: "x\n', 'p.yaml:2:1: expected well-formed YAML; found missing closing "quote'],
    [
      'a character that begins no value',
      'a: @x\n',
      'p.yaml:1:4: expected a value; found a character that no value begins with\n  hint: put the value in quotes',
    ],
    ['two documents', 'a: 1\n---\nb: 2\n', "p.yaml:2:1: expected one pipeline; found another document after '---'"],
    [
      'a tag',
      'a: !secret x\n',
      'p.yaml:1:4: expected a value without a tag; found a tag: !…\n  hint: put the value in quotes',
    ],
    ['an alias of nothing', 'a: *x\n', 'p.yaml:1:4: expected an anchor that was set before; found *x'],
    [
      'an alias of what it is in',
      'a: &a [*a]\n',
      'p.yaml:1:8: expected an alias of something else; found one of what it is part of',
    ],
    ['a list as a name', '? [a]\n: 1\n', 'p.yaml:1:3: expected the name of an option; found a list of 1'],
    [
      'a merge with something else',
      'a: 1\nb:\n  <<: 5\n',
      'p.yaml:3:7: expected an object to merge in with <<; found 5',
    ],
    [
      'braces without quotes',
      'source: { path: ${DATA}/x }\n',
      'p.yaml:1:18: expected quotes round ${…} inside { } and [ ]; found none\n  hint: write "${NAME}", where { and } have no meaning of their own',
    ],
  ])('%s', (_, text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  test('several faults come at once', () => {
    expect(messageOf('a: !x 1\nb: 1\nb: 2\nc: @d\n').match(/p\.yaml:\d/g)).toEqual([
      'p.yaml:1',
      'p.yaml:3',
      'p.yaml:4',
    ]);
  });

  test('aliases that multiply are stopped', () => {
    const lines = ['a0: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]'];
    for (let at = 1; at < 9; at++) lines.push(`a${at}: &a${at} [${`*a${at - 1}, `.repeat(10)}]`);
    expect(messageOf(lines.join('\n'))).toMatch(
      /^p\.yaml:\d+:\d+: expected at most 100000 values; found more, as aliases repeat them\n {2}hint: write out what is meant$/,
    );
  });

  test('nesting that is too deep is one error', () => {
    const deep = 'expected lists and objects at most 200 deep; found more, or brackets that are not closed';
    for (const [part, place] of [
      ['[', '1:201'],
      ['{a: ', '1:801'],
      ['- ', '1:401'],
      ['? ', '1:401'],
      // Brackets that seem to be closed.
      ['[ #]\n', '201:1'],
      ['["]", ', '1:1201'],
    ] as const)
      expect(messageOf(part.repeat(5000))).toBe(`p.yaml:${place}: ${deep}`);
    const steps = Array.from({ length: 250 }, (_, at) => `${' '.repeat(at)}a:`).join('\n');
    expect(messageOf(steps)).toBe(`p.yaml:201:201: ${deep}`);
    expect(messageOf(`${'['.repeat(200)}${']'.repeat(200)}`)).toBe(`${'['.repeat(200)}${']'.repeat(200)}`);
  });
});

describe('the environment', () => {
  test('fills in texts, and only texts', () => {
    const { value, written } = read(
      [
        'path: "${DATA}/tox21"',
        'plain: ${PORT}',
        'quoted: "${PORT}"',
        'left: ${NONE:-0.5}',
        'empty: ${EMPTY:-x}',
        'nothing: "${NONE:-}"',
        'itself: $${DATA}',
        'list: [1, "a${PORT}b"]',
      ].join('\n'),
    );
    expect(value).toEqual({
      path: '/srv/data/tox21',
      plain: 9464,
      quoted: '9464',
      left: 0.5,
      empty: 'x',
      nothing: '',
      itself: '${DATA}',
      list: [1, 'a9464b'],
    });
    expect(written).toMatchObject({ path: '${DATA}/tox21', plain: '${PORT}', left: '${NONE:-0.5}' });
  });

  test('what is not set has its place, and stays as it is written', () => {
    const { unfilled = [], where, value } = read('a:\n  b: ${DATE}\n  c: ${1x}\n  d: ${EMPTY}\n  e: ${A_B_C_D}\n');
    expect(unfilled.map(({ path, ...fault }) => formatIssue({ where: where(path), ...fault }))).toEqual([
      "p.yaml:2:3  a.b: expected the environment variable 'DATE'; found none of that name\n  hint: did you mean 'DATA'? Or set it, or give a default: ${DATE:-default}",
      "p.yaml:3:3  a.c: expected the name of an environment variable: ${NAME} or ${NAME:-default}; found '${1x}'\n  hint: write $${ where ${ itself is meant",
      "p.yaml:4:3  a.d: expected the environment variable 'EMPTY'; found an empty one\n  hint: set it, or give a default: ${EMPTY:-default}",
      "p.yaml:5:3  a.e: expected the environment variable 'A_B_C_D'; found none of that name\n  hint: set it, or give a default: ${A_B_C_D:-default}",
    ]);
    expect(value).toEqual({ a: { b: '${DATE}', c: '${1x}', d: '${EMPTY}', e: '${A_B_C_D}' } });
  });

  test('values from it are taken out of texts again', () => {
    const { redact } = read('token: ${TOKEN}\nport: ${PORT}\npath: ${DATA}\nown: ${NONE:-hello}\n');
    expect(redact('GET /srv/data/x?token=hush-hush on 9464, hello')).toBe(
      'GET ${DATA}/x?token=${TOKEN} on ${PORT}, hello',
    );
  });
});

describe('what came from the environment', () => {
  const secret = `it's a "long" text\\ with${' all kinds of signs'.repeat(4)}`;
  const { redact } = readDocument('a: ${SECRET}\nb: ${PIN}\nc: ${SHORT}', 'p.yaml', {
    SECRET: secret,
    PIN: '0000471100',
    SHORT: "it's \\",
  });

  test.each([
    ['in quotes', formatValue("x it's \\ it"), "'x ${SHORT} it'"],
    ['in quotes, its end cut off', `found ${formatValue(`x${secret}`)}`, "found 'x${SECRET}…'"],
    ['in JSON', JSON.stringify({ a: secret }), '{"a":"${SECRET}"}'],
    ['without its middle', shorten(`x ${secret}`, 60), 'x ${SECRET}…${SECRET}'],
    ['as the number that it was taken for', 'found 471100', 'found ${PIN}'],
  ])('is not shown %s', (_, text, shown) => {
    expect(redact(text)).toBe(shown);
  });

  test('is not shown where it can not be merged, and not in places', () => {
    expect(messageOf('a:\n  <<: ${TOKEN}\n')).toBe(
      "p.yaml:2:7: expected an object to merge in with <<; found '${TOKEN}'",
    );
    expect(read('a: ${TOKEN}').where(['heads', 'hush-hush'])).toBe("p.yaml:1:1  heads['${TOKEN}']");
  });
});

describe('places', () => {
  test('are those of names and items, also through aliases and merges', () => {
    const { where } = read('base: &base\n  units: 3\nmodel:\n  heads:\n    - <<: *base\n      loss: x\n    - *base\n');
    expect(where(['model', 'heads', 0, 'loss'])).toBe('p.yaml:6:7  model.heads[0].loss');
    expect(where(['model', 'heads', 0, 'units'])).toBe('p.yaml:2:3  model.heads[0].units');
    expect(where(['model', 'heads', 1])).toBe('p.yaml:7:7  model.heads[1]');
    expect(where(['model', 'heads', 1, 'units'])).toBe('p.yaml:2:3  model.heads[1].units');
    expect(where(['model', 'missing'])).toBe('p.yaml:3:1  model.missing');
    expect(where([])).toBe('p.yaml:1:1');
  });

  test('JSON is YAML', () => {
    const { value, where } = readDocument('{\n\t"name": "x",\n\t"stream": { "batch": 64 }\n}\n', 'p.json', {});
    expect(value).toEqual({ name: 'x', stream: { batch: 64 } });
    expect(where(['stream', 'batch'])).toBe('p.json:3:14  stream.batch');
  });

  test('a name such as __proto__ is a name', () => {
    expect(messageOf('__proto__: { a: 1 }')).toBe('{"__proto__":{"a":1}}');
  });
});

test('whatever can be written as YAML is read as it was, and has a place', () => {
  // What has a meaning of its own.
  const isPlain = (text: string): boolean => !['${', '<<', '__proto__'].some((part) => text.includes(part));
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string().filter(isPlain),
        fc.jsonValue().filter((value) => isPlain(JSON.stringify(value))),
      ),
      (object) => {
        const expected = JSON.parse(JSON.stringify(object));
        const document = read(stringify(expected));
        expect(document.value).toEqual(expected);
        for (const name of Object.keys(expected)) expect(document.where([name])).toMatch(/^p\.yaml:\d+:\d+ {2}/);
      },
    ),
    { numRuns: 100 },
  );
});
