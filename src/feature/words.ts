import { z } from 'zod';
import { ConfigError } from '../core/error.ts';

/** More different texts than this are not counted: memory is bounded. */
const countedTexts = 2_000_000;

export const wordsState = z.strictObject({ words: z.array(z.string()) });

/** Numbers texts by how often the training source has them: the commonest first. */
export class Words {
  private counts = new Map<string, number>();
  private ids: Map<string, number> | undefined;
  private readonly where: string;

  constructor(where: string) {
    this.where = where;
  }

  get isFitted(): boolean {
    return this.ids !== undefined;
  }

  /** How many texts have a number; 0 before they were fitted. */
  get size(): number {
    return this.ids?.size ?? 0;
  }

  /** @throws ConfigError when there are too many different texts to count */
  count(text: string): void {
    this.counts.set(text, (this.counts.get(text) ?? 0) + 1);
    if (this.counts.size > countedTexts)
      throw new ConfigError({
        where: this.where,
        expected: `at most ${countedTexts} different texts to count`,
        found: 'more',
        hint: "use 'hash', which counts none",
      });
  }

  /** Keeps the `limit` commonest texts that were seen often enough; of equally common ones the first by code unit. */
  settle(limit: number, minimumCount: number, order: (a: [string, number], b: [string, number]) => number): void {
    const kept = [...this.counts].filter(([, count]) => count >= minimumCount).sort(commonestFirst);
    this.number(
      kept
        .slice(0, limit)
        .sort(order)
        .map(([text]) => text),
    );
  }

  /** Gives the texts their numbers, as they are listed. */
  number(texts: readonly string[]): void {
    this.ids = new Map(texts.map((text, id) => [text, id]));
    this.counts = new Map();
  }

  /** The number of a text, from 0; undefined when it has none. */
  idOf(text: string): number | undefined {
    return this.ids?.get(text);
  }

  state(): { readonly words: readonly string[] } | null {
    return this.ids === undefined ? null : { words: [...this.ids.keys()] };
  }
}

export function commonestFirst(a: [string, number], b: [string, number]): number {
  return b[1] - a[1] || byText(a, b);
}

/** Numbers by size, before all other texts, which go by code unit. */
export function byText([a]: [string, number], [b]: [string, number]): number {
  const [x, y] = [Number(a), Number(b)];
  if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y) && x !== y) return x - y;
  return a < b ? -1 : Number(a > b);
}
