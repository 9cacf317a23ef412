/** Copies bytes; the regions may overlap. */
export function copy(to: usize, from: usize, sizeBytes: usize): void {
  memory.copy(to, from, sizeBytes);
}
