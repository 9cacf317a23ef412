import { EngineError } from '../core/error.ts';
import type { KernelFunctions } from './kernel/index.ts';
import type { Memory } from './loaded.ts';
import type { Table } from './program.ts';

/**
 * Adds to a table the rows that a model has computed, after each of its runs.
 * @param memory where the table, rows and ids are, in the kernels' memory
 * @returns a function that throws an EngineError when an id names no row of the table
 */
export function addRowsAfter(kernels: KernelFunctions, table: Table, memory: Memory): () => void {
  const { byteOffset: at, length } = memory(table);
  const added = table.added.map((rows) => ({ ...rows, rows: memory(rows.rows), ids: memory(rows.ids) }));
  return () => {
    if (table.cleared) kernels.clear(at, length);
    for (const { rows, ids, width, origin } of added) {
      const height = length / width;
      const count = kernels.addRows(at, rows.byteOffset, ids.byteOffset, height, width, ids.length);
      if (count < ids.length) throw noSuchRow(origin, height, Number(ids[count]));
    }
  };
}

/** An id of `height` may stand for any index or coordinates that do not exist (`trace/kernel/bounds.ts`). */
function noSuchRow(where: string, height: number, id: number): EngineError {
  return new EngineError(
    id === height
      ? { where, expected: 'indices within bounds', found: 'one outside' }
      : { where, expected: `indices in [0, ${height - 1}]`, found: `${id}` },
  );
}
