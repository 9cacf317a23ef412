import { identifier, literal } from './database.ts';
import type { DataSet, FoundFile } from './set.ts';
import { tenths } from './split.ts';

/** The file's columns in their order, named after the survey's description. */
const columns = `
  age class_of_worker industry_code occupation_code education wage_per_hour enrolled_last_week marital_status
  industry occupation race hispanic_origin sex union_member unemployment_reason employment_status capital_gains
  capital_losses stock_dividends tax_filer_status previous_region previous_state household_status household_summary
  instance_weight migration_msa migration_region migration_within_region same_house_last_year previous_sunbelt
  employer_size parents_present father_birth_country mother_birth_country birth_country citizenship self_employed
  veteran_questionnaire veteran_benefits weeks_worked year income`
  .trim()
  .split(/\s+/);

const numbers = new Set(
  `age wage_per_hour capital_gains capital_losses stock_dividends instance_weight employer_size weeks_worked`.split(
    ' ',
  ),
);

/**
 * Income, marital status and education of people in the United States. `income_over_50k` and `never_married` are the
 * yes-or-no labels of Ma et al. 2018 (MMoE), `education` is a class. A person's part follows from all of the row, so that
 * equal rows are in the same part.
 */
export const census: DataSet = {
  name: 'census',
  summary: 'income, marital status and education of people, all known',
  origin: { repository: 'drawbridge/keras-mmoe', commit: '2718f56e', licence: 'MIT; UCI Census-Income (KDD)' },
  folder: 'census_income',
  files: { all: [{ file: 'census-income.test.gz' }, { file: 'census-income.data.gz' }] },
  prepare: async ({ database, files, write }) => {
    const { path } = files.all as FoundFile;
    const types = columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
    await database.run(
      `CREATE OR REPLACE TEMP TABLE census AS
       SELECT * FROM read_csv(${literal(path)}, header = false, delim = ',', quote = '', columns = {${types}})`,
    );
    const all = columns.map((name) => `trim(${identifier(name)})`).join(", '|', ");
    const values = columns
      .filter((name) => name !== 'income')
      .map((name) => {
        const text = `trim(${identifier(name)})`;
        return `${numbers.has(name) ? `${text}::FLOAT` : text} AS ${identifier(name)}`;
      });
    const labels = [
      `(trim(income) = '50000+.')::FLOAT AS income_over_50k`,
      `(trim(marital_status) = 'Never married')::FLOAT AS never_married`,
    ];
    for (const [part, isIn] of Object.entries(tenths(`concat(${all})`)))
      await write(part, `SELECT ${[...values, ...labels].join(', ')} FROM census WHERE ${isIn}`);
  },
};
