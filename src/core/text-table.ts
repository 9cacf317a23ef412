import { shorten } from './format.ts';

export interface TextColumn {
  readonly title: string;
  /** Width in characters below which the column is never narrowed. */
  readonly least: number;
  readonly align?: 'left' | 'right';
}

const gap = '  ';
const lengthOf = (text: string): number => [...text].length;

/**
 * Rows of text in aligned columns, below their titles and a line. Where that is wider than `width`, the widest columns
 * are narrowed, and texts in them lose their middle.
 * @param width in characters; exceeded only when every column is as narrow as it may be
 */
export function formatTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, at) => Math.max(...[titles, ...rows].map((row) => lengthOf(row[at] ?? ''))));
  const total = (): number => widths.reduce((sum, column) => sum + column, gap.length * (columns.length - 1));
  while (total() > width) {
    const spare = widths.map((column, at) => (column > (columns[at] as TextColumn).least ? column : 0));
    const widest = spare.indexOf(Math.max(...spare));
    if (spare[widest] === 0) break;
    widths[widest] = (widths[widest] as number) - 1;
  }
  const lines = [titles, ...rows].map((row) => formatRow(row, columns, widths));
  const [head, ...body] = lines;
  return [head, '─'.repeat(total()), ...body].join('\n');
}

function formatRow(row: readonly string[], columns: readonly TextColumn[], widths: readonly number[]): string {
  const cells = columns.map(({ align }, at) => {
    const text = shorten(row[at] ?? '', widths[at] as number);
    const space = ' '.repeat((widths[at] as number) - lengthOf(text));
    return align === 'right' ? space + text : text + space;
  });
  return cells.join(gap).trimEnd();
}
