import type { Shape } from '../core/shape.ts';
import type { RawColumn } from '../core/table.ts';
import { Faults } from './faults.ts';
import type { FeatureContext, Transformed } from './feature.ts';
import { everywhere, type NumberLayout, numberLayout, readNumbers, settle } from './numbers.ts';

/** The numbers of some columns, read the same way by every feature that computes with them. */
export class Numeric {
  readonly layout: NumberLayout;
  private readonly names: readonly string[];

  /** @throws ConfigError when the columns don't make up a sample of this shape */
  constructor(context: FeatureContext, shape: Shape | undefined) {
    this.layout = numberLayout(context, shape);
    this.names = context.columns.map(({ name }) => name);
  }

  /** rows × size: NaN where a number is missing or can't be one. For fits, which pass over both. */
  peek(columns: readonly RawColumn[], rows: number): Float64Array {
    const target = new Float64Array(rows * this.layout.size);
    return readNumbers(columns, rows, this.layout, this.names, new Faults(rows), target);
  }

  /**
   * @param missing stands where a number is missing: one for each place of a sample, or the same for all
   * @param change computes in place with rows × size finite numbers; it may find more faults
   */
  transform(
    columns: readonly RawColumn[],
    rows: number,
    missing: number | ArrayLike<number> | undefined,
    change: (values: Float32Array | Float64Array, faults: Faults, names: readonly string[]) => void = () => {},
    exact = true,
  ): Transformed {
    const { layout, names } = this;
    const faults = new Faults(rows);
    const length = rows * layout.size;
    const values = exact ? new Float64Array(length) : new Float32Array(length);
    readNumbers(columns, rows, layout, names, faults, values);
    settle(values, layout, typeof missing === 'object' ? missing : everywhere(missing, layout.size), names, faults);
    change(values, faults, names);
    const single = values instanceof Float32Array ? values : Float32Array.from(values);
    if (single !== values) this.checkRange(values, single, faults);
    return { column: { kind: 'dense', values: single, size: layout.size }, faults: faults.list };
  }

  private checkRange(values: Float64Array | Float32Array, single: Float32Array, faults: Faults): void {
    const { size, width } = this.layout;
    for (let at = 0; at < single.length; at++) {
      if (Number.isFinite(single[at])) continue;
      const column = this.names[Math.floor((at % size) / width)] as string;
      faults.add(Math.floor(at / size), column, 'notFinite', 'a number that float32 can hold', `${values[at]}`);
    }
  }
}
