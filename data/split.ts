/**
 * SQL for a number from 0 to 999 that follows from a text, and from nothing else: rows go to the same part on every
 * machine, in whatever order and company they are read.
 * @param text SQL for the text
 */
export function thousandth(text: string): string {
  return `(md5_number_lower(${text}) % 1000)`;
}

/** A condition for each part: a tenth of the texts for testing, a tenth for validation, the rest for training. */
export function tenths(text: string): Readonly<Record<'train' | 'valid' | 'test', string>> {
  const place = thousandth(text);
  return { train: `${place} >= 200`, valid: `${place} BETWEEN 100 AND 199`, test: `${place} < 100` };
}
