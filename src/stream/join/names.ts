/** Plain data that many rows refer to by a number: what columns look like, and heads. Kept with the rows. */
export class Names {
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** Told of each that is new. */
  readonly #added: (number: number, text: string) => void;

  /** @param known in the order of their numbers */
  constructor(known: Iterable<string>, added: (number: number, text: string) => void) {
    this.#added = added;
    for (const text of known) this.#enter(text);
  }

  /** @returns its number, a new one if need be */
  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#enter(text);
    this.#added(number, text);
    return number;
  }

  text(number: number): string {
    return this.#texts[number] as string;
  }

  #enter(text: string): number {
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }
}
