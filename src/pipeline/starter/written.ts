/** A number as people write it: `1,250.40`, `€ 9.99`, `12.5 kg`. No other digits, as those of `cm2`, stand beside it. */
const form = /^\s*([$€£¥]?)\s*[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?\s*([^\d\s.,+-][^\d.,+-]{0,15})?$/;

/** Tells whether texts are all numbers with commas between thousands, a currency before them, or one unit behind them. */
export class WrittenNumbers {
  #areNumbers = true;
  readonly #units = new Set<string>();
  #hasCommas = false;

  take(text: string): void {
    const found = form.exec(text);
    this.#areNumbers &&= found !== null;
    if (!found) return;
    const [, currency, unit] = found;
    for (const part of [currency, unit]) if (part) this.#units.add(part.trim());
    this.#hasCommas ||= text.includes(',');
  }

  /**
   * What stands beside the numbers, empty where that are commas alone; undefined where there are other texts, or several
   * units, of which nobody knows what they come to.
   */
  get unit(): string | undefined {
    const [unit = '', ...others] = this.#units;
    return this.#areNumbers && others.length === 0 && (unit !== '' || this.#hasCommas) ? unit : undefined;
  }
}
