import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { missingNotices } from '../../../scripts/build/notices.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const notices = readFileSync(new URL('../../../THIRD-PARTY-NOTICES', import.meta.url), 'utf8');
const file = 'node_modules/@bufbuild/protobuf/dist/esm/wire/varint.js';

test('the name of a package and the notices of its files have to be there, whole', () => {
  expect(missingNotices([file], notices, root)).toEqual([]);
  const cut = notices.replace('this list of conditions and the following disclaimer.', '');
  expect(missingNotices([file], cut, root)).toEqual([expect.stringMatching(/^Copyright 2008 Google/)]);
  expect(missingNotices([file], notices.replaceAll('@bufbuild', ''), root)).toEqual(['@bufbuild/protobuf']);
});
