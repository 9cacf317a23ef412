/**
 * Σ dx dy / √(Σ dx² Σ dy²), from sums around the means; undefined when all x or all y are the same. What rounding puts
 * beyond 1 is 1.
 */
export function correlationOf(products: number, squaresX: number, squaresY: number): number | undefined {
  if (!(squaresX > 0 && squaresY > 0)) return undefined;
  return Math.max(-1, Math.min(1, products / Math.sqrt(squaresX) / Math.sqrt(squaresY)));
}
