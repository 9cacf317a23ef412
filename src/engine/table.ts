import { EngineError } from '../core/error.ts';
import type { KernelFunctions } from './kernel/index.ts';
import type { Memory } from './loaded.ts';
import type { Table } from './program.ts';

/**
 * Adds to a table the rows that the model has computed.
 * @param memory where the table, rows and ids are, in the kernels' memory
 * @returns a function that throws an EngineError when an id names no row of the table
 */
export function completion(kernels: KernelFunctions, table: Table, memory: Memory): () => void {
  const { byteOffset: at, length } = memory(table);
  const added = table.added.map(({ rows, ids, width }) => ({ rows: memory(rows), ids: memory(ids), width }));
  return () => {
    if (table.cleared) kernels.clear(at, length);
    for (const { rows, ids, width } of added) {
      const height = length / width;
      const count = kernels.addRows(at, rows.byteOffset, ids.byteOffset, height, width, ids.length);
      if (count < ids.length) throw noSuchRow(table.name, height, Number(ids[count]));
    }
  };
}

function noSuchRow(table: string, height: number, found: number): EngineError {
  return new EngineError({
    where: `rows added to '${table}'`,
    expected: `indices in [0, ${height - 1}]`,
    found: `${found}`,
  });
}
