import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { census } from '../../data/census.ts';
import { kinase1000 } from '../../data/kinase1000.ts';
import { mhc } from '../../data/mhc.ts';
import { prepare } from '../../data/prepare.ts';
import { tenths, thousandth } from '../../data/split.ts';
import { tox21 } from '../../data/tox21.ts';
import { toxcast } from '../../data/toxcast.ts';
import { select, temporaryFolder } from './sample.ts';

const folder = temporaryFolder();

/** Writes a file into the folder `from`, and gives that folder. */
function given(files: Readonly<Record<string, string | Buffer>>): string {
  const from = join(folder.path, 'from');
  mkdirSync(from, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(from, name), content);
  return from;
}

const quiet = (): void => {};
/** Alkanes, each a chain of one more carbon. */
const alkanes = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => 'C'.repeat(at + 1));

/** The published form of the four files of Tox21. */
function tox21Files(): Readonly<Record<string, string>> {
  const rows = alkanes(300).map((smiles, at) => `${at % 2},${at % 3 === 0 ? '' : 1},${smiles}`);
  const csv = (lines: readonly string[]): string => ['NR-AR,SR-p53,standardised_smiles', ...lines].join('\n');
  return {
    'train_set_assay_based_Tox21.csv': csv(rows),
    'test_set_assay_based_Tox21.csv': csv(rows),
    'train_set_compound_based_Tox21.csv': csv([...rows, '1,1,C(']),
    'test_set_compound_based_Tox21.csv': csv(rows.slice(0, 3)),
  };
}

test('tox21: the validation part is cut from the training file, by cells or by rows, and nothing is lost', async () => {
  const said: string[] = [];
  await prepare(tox21, given(tox21Files()), folder.path, (line) => said.push(line));
  expect(said).toEqual(['compound_train: left out 1 that RDKit does not take as molecules: C(, …']);
  const path = (name: string): string => `'${folder.path}/tox21/${name}.parquet'`;
  const [cells] = await select(
    `SELECT count(*)::INTEGER AS rows, bool_and(fit.fp = train.fp AND len(fit.fp) > 0) AS same,
       bool_or(fit."NR-AR" IS NOT NULL AND valid."NR-AR" IS NOT NULL) AS twice,
       bool_and(coalesce(fit."SR-p53", valid."SR-p53") IS NOT DISTINCT FROM train."SR-p53") AS whole,
       count(fit."NR-AR")::INTEGER AS fit, count(valid."NR-AR")::INTEGER AS valid
     FROM ${path('assay_train')} train JOIN ${path('assay_fit')} fit USING (smiles)
     JOIN ${path('assay_valid')} valid USING (smiles)`,
  );
  expect(cells).toMatchObject({ rows: 300, same: true, twice: false, whole: true });
  expect((cells?.fit as number) + (cells?.valid as number)).toBe(300);
  expect(cells?.valid).toBeGreaterThan(30);
  const [rows] = await select(
    `SELECT (SELECT count(*) FROM ${path('compound_fit')})::INTEGER AS fit,
       (SELECT count(*) FROM ${path('compound_valid')})::INTEGER AS valid,
       (SELECT count(*) FROM ${path('compound_fit')} JOIN ${path('compound_valid')} USING (smiles))::INTEGER AS twice`,
  );
  expect((rows?.fit as number) + (rows?.valid as number)).toBe(300);
  expect(rows).toMatchObject({ twice: 0 });
  expect(rows?.valid).toBeGreaterThan(30);
  expect(readdirSync(join(folder.path, 'tox21')).filter((file) => !file.endsWith('.parquet'))).toEqual([]);
});

test('kinase1000: the one published file gives three, with its own rows each', async () => {
  const lines = ['SMILES,Subset,MinInterSetTd,O14757_WT', 'CC,train,0.4,6.5', 'CCC,valid,0.5,', 'CCCC,test,0.6,7'];
  await prepare(kinase1000, given({ 'kinase1000_RGES.csv.gz': gzipSync(lines.join('\n')) }), folder.path, quiet);
  const rows = await select(
    `SELECT smiles, "O14757_WT" AS label, len(fp) > 0 AS fp
     FROM read_parquet('${folder.path}/kinase1000/*.parquet') ORDER BY smiles`,
  );
  expect(rows).toEqual([
    { smiles: 'CC', label: 6.5, fp: true },
    { smiles: 'CCC', label: null, fp: true },
    { smiles: 'CCCC', label: 7, fp: true },
  ]);
});

test('toxcast: every molecule is in one of three parts, whatever else the file holds', async () => {
  const csv = (rows: readonly string[]): string => ['smiles,a,b', ...rows.map((smiles) => `${smiles},1,`)].join('\n');
  const parts = async (rows: readonly string[]) => {
    await prepare(toxcast, given({ 'toxcast.csv': csv(rows) }), folder.path, quiet);
    const found = await select(
      `SELECT smiles, parse_filename(filename, true) AS part
       FROM read_parquet('${folder.path}/toxcast/*.parquet', filename = true)`,
    );
    return new Map(found.map(({ smiles, part }) => [smiles, part]));
  };
  const all = await parts(alkanes(200));
  const few = await parts(
    alkanes(200)
      .filter((_, at) => at % 3 === 0)
      .toReversed(),
  );
  expect(all.size).toBe(200);
  expect([...new Set(all.values())].sort()).toEqual(['test', 'train', 'valid']);
  for (const [smiles, part] of few) expect(part).toBe(all.get(smiles));
});

test('mhc: several measurements of a pair are one; a bound on nM is the opposite bound on affinity', async () => {
  const head = 'allele,peptide,nm,ineq,kind';
  const train = ['A,SIINFEKL,100,=,q', 'A,SIINFEKL,10000,=,q', 'A,SIINFEKL,5,<,q', 'B,SIINFEKL,20000,>,q'];
  const test = ['A,GILGFVFTL,0.5,=,q', 'A,AAAAAAAAA,50000,<,q', 'A,AAAAAAAAA,50000,>,q'];
  const files = { 'train.csv': [head, ...train].join('\n'), 'test.csv': [head, ...test].join('\n') };
  await prepare(mhc, given(files), folder.path, quiet);
  const read = (parts: string) =>
    select(
      `SELECT peptide, allele, round(nm) AS nm, ineq, measurements, round(affinity, 4) AS affinity, bound
       FROM read_parquet('${folder.path}/mhc/${parts}.parquet') ORDER BY peptide DESC, allele`,
    );
  expect(await read('[tv]*a*')).toEqual(
    [
      { peptide: 'SIINFEKL', allele: 'A', nm: 1000, ineq: '=', measurements: 2, affinity: 0.3616, bound: '=' },
      { peptide: 'SIINFEKL', allele: 'B', nm: 20000, ineq: '>', measurements: 1, affinity: 0.0847, bound: '<' },
    ].map((row) => ({ ...row, affinity: Math.fround(row.affinity) })),
  );
  expect(await read('test')).toEqual([
    { peptide: 'GILGFVFTL', allele: 'A', nm: 1, ineq: '=', measurements: 1, affinity: 1, bound: '=' },
    { peptide: 'AAAAAAAAA', allele: 'A', nm: 50000, ineq: '<', measurements: 1, affinity: 0, bound: '>' },
  ]);
});

test('census: columns get names and types, labels are made, and equal rows are in the same part', async () => {
  const row = (age: number, status: string, income: string): string =>
    [age, ' x', ' 6', ' 36', ' x', ' 0', ' x', ` ${status}`, ...Array(33).fill(' 0'), ` ${income}`].join(',');
  const rows = Array.from({ length: 50 }, (_, age) => row(age, 'Never married', '50000+.'));
  const lines = [...rows, ...rows, row(99, 'Widowed', '- 50000.')].join('\n');
  await prepare(census, given({ 'census-income.data.gz': gzipSync(lines) }), folder.path, quiet);
  const found = await select(
    `SELECT age, class_of_worker, income_over_50k AS rich, never_married AS single, count(*)::INTEGER AS rows,
       count(DISTINCT filename)::INTEGER AS parts
     FROM read_parquet('${folder.path}/census/*.parquet', filename = true) GROUP BY ALL ORDER BY age`,
  );
  expect(found).toHaveLength(51);
  expect(found[3]).toEqual({ age: 3, class_of_worker: 'x', rich: 1, single: 1, rows: 2, parts: 1 });
  expect(found[50]).toEqual({ age: 99, class_of_worker: 'x', rich: 0, single: 0, rows: 1, parts: 1 });
});

test('parts are disjoint and cover every text', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme-ascii' }), { minLength: 1, maxLength: 20 }),
      async (texts) => {
        const values = texts.map((text) => `('${text.replaceAll("'", "''")}')`).join(', ');
        const counted = Object.values(tenths('text')).map((isIn) => `(${isIn})::INTEGER`);
        const [row] = await select(
          `SELECT bool_and(${counted.join(' + ')} = 1) AS once, bool_and(${thousandth('text')} < 1000) AS below
         FROM (VALUES ${values}) AS texts(text)`,
        );
        expect(row).toEqual({ once: true, below: true });
      },
    ),
    { numRuns: 20 },
  );
});

test('what is missing is named, with the place of the public files', async () => {
  const from = given({ 'train.csv': 'allele,peptide,nm,ineq,kind' });
  await expect(prepare(mhc, from, folder.path, quiet)).rejects.toMatchObject({
    message:
      `data set 'mhc': expected test.parquet or test.csv in ${from}, or in mhc there; found no such file\n` +
      '  hint: the public files are in MHCflurry, curated table (Mendeley Data 8pz43nvvxh) (as given there); ' +
      'then: npm run data -- mhc --from <their folder>',
  });
  await expect(prepare(toxcast, '/nowhere', folder.path, quiet)).rejects.toMatchObject({
    message:
      "data set 'toxcast': expected toxcast.parquet or toxcast.csv in /nowhere, or in toxcast there; " +
      'found no such folder\n' +
      '  hint: the public files are in the GitHub repository chemprop/chemprop at commit b83635bc (MIT); ' +
      'then: npm run data -- toxcast --from <their folder>',
  });
});

test.for([
  ['no SMILES', 'name,a\nx,1', 'toxcast.csv: expected a column smiles or standardised_smiles or SMILES; found name, a'],
  ['no labels', 'smiles\nCC', 'toxcast.csv: expected labels: columns like /^(?!mol_id$)/; found smiles'],
] as const)('a file with %s is refused, and nothing is written', async ([, csv, message]) => {
  const from = given({ 'toxcast.csv': csv });
  await expect(prepare(toxcast, from, folder.path, quiet)).rejects.toMatchObject({ message });
  expect(existsSync(join(folder.path, 'toxcast', 'train.parquet'))).toBe(false);
});

test('a file that is not what it says is refused by the name of its set', async () => {
  const from = given({ 'toxcast.parquet': 'PAR1 is how it begins' });
  await expect(prepare(toxcast, from, folder.path, quiet)).rejects.toThrow(
    /^data set 'toxcast': expected files as data\/README.md describes them; found .*toxcast.parquet/,
  );
});
