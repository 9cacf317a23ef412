/** Sets bytes to 0. */
export function zero(at: usize, sizeBytes: usize): void {
  memory.fill(at, 0, sizeBytes);
}
