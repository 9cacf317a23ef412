import type { DuckDBConnection } from '@duckdb/node-api';
import { identifier, messageOf } from '../duckdb/text.ts';
import { type BlockFile, textOf } from '../file/block-file.ts';
import type { Block } from '../file/record.ts';
import { type CsvFormat, csvRelation } from './format.ts';
import { inHalves } from './halves.ts';
import { forgetRejects } from './reject.ts';

/** Types that columns may have, in the order in which they are tried. */
const types = ['DOUBLE', 'BOOLEAN', 'TIMESTAMP'] as const;

/** The block's first rows that are looked at. */
const sampleRows = 10_000;

/**
 * SQL types of the columns: the first that at least 19 of 20 values have, so that a few bad values make bad rows and not
 * a column of text. A column without any value is taken for numbers.
 */
export async function inferTypes(
  connection: DuckDBConnection,
  file: BlockFile,
  names: readonly string[],
  sample: Block | undefined,
  format: CsvFormat,
): Promise<readonly string[]> {
  const relation = csvRelation(
    file.path,
    names.map((name) => ({ name, type: 'VARCHAR' })),
    format,
  );
  const counts = names.map(identifier).flatMap((column) => {
    return [`count(${column})`, ...types.map((type) => `count(TRY_CAST(${column} AS ${type}))`)];
  });
  const width = 1 + types.length;
  const totals = new Array<number>(names.length * width).fill(0);
  if (sample !== undefined) {
    const count = async (records: readonly number[]): Promise<string | undefined> => {
      await file.write(textOf(sample, records));
      try {
        const [row = []] = (
          await connection.runAndReadAll(`SELECT ${counts.join(', ')} FROM ${relation.from}`)
        ).getRows();
        for (let at = 0; at < totals.length; at++) totals[at] = (totals[at] as number) + Number(row[at]);
        return undefined;
      } catch (error) {
        return messageOf(error);
      } finally {
        await forgetRejects(connection);
      }
    };
    const records = [...sample.starts.keys()].slice(0, sampleRows).filter((record) => !sample.faults.has(record));
    // What can't be read is rejected when rows are read.
    await inHalves(records, count, () => {});
  }
  return names.map((_, at) => {
    const [values = 0, ...fitting] = totals.slice(at * width, (at + 1) * width);
    return types.find((_, index) => (fitting[index] as number) * 20 >= values * 19) ?? 'VARCHAR';
  });
}
