import { literal } from './database.ts';
import type { DataSet, FoundFile } from './set.ts';
import { thousandth } from './split.ts';

/**
 * How strongly peptides bind to the proteins of 218 MHC alleles: one measurement a row (long format), the rows of a
 * peptide one after the other. Several measurements of a pair are one: the geometric mean of those that are exact, if
 * there are any, else of the bounds of the more frequent direction. `affinity` is 1 − log(nM) / log(50,000), between 0
 * and 1, and `bound` says how the truth lies to it: `=`, or `<` or `>`, the other way round than `ineq`, which is of nM.
 * A tenth of the training file's peptides are for validation, except for alleles that would have none left to train on.
 */
export const mhc: DataSet = {
  name: 'mhc',
  summary: 'binding of peptides to 218 MHC alleles, a number or a bound, 1.7 % known',
  origin: { repository: 'MHCflurry, curated table (Mendeley Data 8pz43nvvxh)', licence: 'as given there' },
  folder: 'mhc',
  files: {
    train: [{ file: 'train.parquet' }, { file: 'train.csv' }],
    test: [{ file: 'test.parquet' }, { file: 'test.csv' }],
  },
  prepare: async ({ database, files, write }) => {
    const place = thousandth("'mhc/' || peptide");
    for (const part of ['train', 'test'])
      await database.run(`CREATE OR REPLACE TEMP TABLE mhc_${part} AS ${pairs((files[part] as FoundFile).path)}`);
    const learned = `SELECT allele FROM mhc_train WHERE ${place} >= 100`;
    const isValid = `${place} < 100 AND allele IN (${learned})`;
    await write('train', `SELECT * FROM mhc_train WHERE NOT (${isValid})`);
    await write('valid', `SELECT * FROM mhc_train WHERE ${isValid}`);
    await write('test', 'SELECT * FROM mhc_test');
  },
};

/** One row for each pair of peptide and allele, peptides in an order that follows from their letters' hash. */
function pairs(path: string): string {
  return `
    WITH counted AS (
      SELECT peptide, allele,
        CASE WHEN count(*) FILTER (ineq = '=') > 0 THEN '='
          WHEN count(*) FILTER (ineq = '<') >= count(*) FILTER (ineq = '>') THEN '<' ELSE '>' END AS kept
      FROM ${literal(path)} GROUP BY peptide, allele
    ), measured AS (
      SELECT peptide, allele, kept AS ineq, exp(avg(ln(nm::DOUBLE))) AS nm, count(*) AS measurements
      FROM ${literal(path)} JOIN counted USING (peptide, allele) WHERE ineq = kept GROUP BY peptide, allele, kept
    )
    SELECT peptide, allele, nm::FLOAT AS nm, ineq, measurements::INTEGER AS measurements,
      greatest(0, least(1, 1 - ln(nm) / ln(50000)))::FLOAT AS affinity,
      CASE ineq WHEN '<' THEN '>' WHEN '>' THEN '<' ELSE '=' END AS bound
    FROM measured ORDER BY md5(peptide), allele`;
}
