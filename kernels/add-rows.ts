import { loadLanes, storeLanes } from './lane';

/**
 * Adds each row to that row of the table which its id names, in their order.
 * @param table `[height, width]`
 * @param rows `[count, width]`
 * @param ids int32 `[count]`, read as unsigned: negative ones name no row
 * @returns how many were added: the first id that names no row of the table ends it
 */
export function addRows(table: usize, rows: usize, ids: usize, height: u32, width: u32, count: u32): u32 {
  const rowBytes = (<usize>width) << 2;
  for (let at: u32 = 0; at < count; at++) {
    const id = load<u32>(ids);
    if (id >= height) return at;
    addTo(table + <usize>id * rowBytes, rows, width);
    rows += rowBytes;
    ids += 4;
  }
  return count;
}

function addTo(sums: usize, values: usize, length: u32): void {
  if (length >= 4) {
    do {
      v128.store(sums, f32x4.add(v128.load(sums), v128.load(values)));
      sums += 16;
      values += 16;
      length -= 4;
    } while (length >= 4);
  }
  if (length > 0) storeLanes(sums, length, f32x4.add(loadLanes(sums, length), loadLanes(values, length)));
}
