import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fingerprints } from '../../data/fingerprint.ts';
import { sets } from '../../data/index.ts';
import { findFiles } from '../../data/prepare.ts';
import { shareAgreeing, verifyFingerprints } from '../../data/verify.ts';

const shared = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const absent = 'needs the public data sets in ../shared/data';

test('the places of a fingerprint are those RDKit 2022.09 gave', async () => {
  const [bromoform, repeated] = await fingerprints(['BrC(Br)Br', 'C(Br)(Br)Br']);
  expect(bromoform).toEqual([1, 190, 728, 786]);
  expect(repeated).toEqual(bromoform);
});

test('what is no molecule has no fingerprint', async () => {
  expect(await fingerprints(['C(', 'no molecule', 'F[P](F)(F)(F)(F)F'])).toEqual([null, null, null]);
});

test.for(sets.filter(({ molecules }) => molecules))(
  'fingerprints of a sample of $name agree with the file',
  { timeout: 120_000 },
  async (set, context) => {
    context.skip(!existsSync(`${shared}/${set.folder}`), absent);
    const [file] = Object.values(findFiles(set, shared));
    const agreement = await verifyFingerprints(file?.path as string, 100);
    expect(agreement.molecules).toBeGreaterThan(80);
    expect(shareAgreeing(agreement)).toBeGreaterThanOrEqual(0.999);
  },
);
