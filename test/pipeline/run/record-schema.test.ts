import { expect, test } from 'vitest';
import { z } from 'zod';
import { checkConfig } from '../../../src/core/config.ts';
import { formatIssue } from '../../../src/core/error.ts';
import { recordSchema } from '../../../src/pipeline/run/record-schema.ts';

const kinds = ['number', 'text', 'bytes', 'numbers', 'texts', 'mixed'] as const;
const schema = recordSchema(kinds.map((kind) => ({ name: kind, kind, type: kind })));

test.each([
  [{}, ''],
  [{ number: 1, text: 'a', bytes: 'AQI=', numbers: [1, null], texts: ['a'], mixed: { any: 1 } }, ''],
  [{ number: true, text: null, bytes: null, numbers: null, texts: null, mixed: null }, ''],
  [{ number: '1' }, "r.number: expected a number, or true or false; found '1'"],
  [{ numbers: [1, 'a'] }, 'r.numbers: expected a list of numbers, or null; found a list of 2'],
  [{ numbers: JSON.parse('[1e999]') }, 'r.numbers: expected a list of numbers, or null; found a list of 1'],
  [{ texts: 'a' }, "r.texts: expected a list of texts, or null; found 'a'"],
  [{ text: 1 }, 'r.text: expected text; found 1'],
  [
    { numbrs: [1] },
    "r.numbrs: expected an option out of 'number', 'text', 'bytes', 'numbers', 'texts', 'mixed'; found 'numbrs'\n  hint: did you mean 'numbers'?",
  ],
])('%j: %s', (record, expected) => {
  const checked = checkConfig(schema, record, 'r');
  expect(checked.ok ? '' : checked.issues.map(formatIssue).join('\n')).toBe(expected);
});

test('bytes are sent as base64, and all is documented', () => {
  expect(schema.parse({ bytes: 'AQI=' })).toEqual({ bytes: Uint8Array.of(1, 2) });
  const { properties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  expect(properties).toMatchObject({
    numbers: { type: ['array', 'null'], items: { type: ['number', 'null'] } },
    texts: { type: ['array', 'null'], items: { type: ['string', 'null'] } },
    mixed: {},
  });
});
