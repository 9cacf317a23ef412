/**
 * Makes every value 0.
 * @param values `[length]`
 */
export function clear(values: usize, length: u32): void {
  memory.fill(values, 0, (<usize>length) << 2);
}
