import type { Json } from '../core/chunk.ts';
import type { Column } from '../core/column.ts';
import { ConfigError, type Issue, TrunklineError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import { matchNames, unmatched, unmatchedIn } from '../core/pattern.ts';
import type { RawColumn, Table } from '../core/table.ts';
import { type Feature, features, type ParsedFeatureConfig } from '../feature/index.ts';
import type { RowFaults } from './sample-fault.ts';
import type { InputForm, TableColumn } from './source.ts';

interface Input {
  readonly name: string;
  readonly feature: Feature;
  readonly columns: readonly string[];
}

/** The inputs of the model: which columns each reads, and the features that make it of them. */
export class Inputs {
  private readonly inputs: readonly Input[];

  private constructor(inputs: readonly Input[]) {
    this.inputs = inputs;
  }

  /** What is wrong is added to `issues`. */
  static build(
    configs: Readonly<Record<string, ParsedFeatureConfig>>,
    columns: readonly TableColumn[],
    where: string,
    issues: Issue[],
  ): Inputs {
    const names = columns.map(({ name }) => name);
    const inputs: Input[] = [];
    for (const [name, config] of Object.entries(configs)) {
      const pattern = config.columns ?? name;
      const read = matchNames(pattern, names);
      const place = `${where}.${name}`;
      const missing = unmatchedIn(place, pattern, 'column', names);
      issues.push(...missing);
      if (missing.length > 0) continue;
      try {
        const known = read.map((column) => columns[names.indexOf(column)] as TableColumn);
        inputs.push({ name, columns: read, feature: features.create(config, { where: place, columns: known }) });
      } catch (error) {
        if (!(error instanceof TrunklineError)) throw error;
        issues.push(...error.issues);
      }
    }
    return new Inputs(inputs);
  }

  /** Every column that is read. */
  get columns(): readonly string[] {
    return this.inputs.flatMap(({ columns }) => columns);
  }

  get needsFit(): boolean {
    return this.inputs.some(({ feature }) => feature.needsFit);
  }

  /** The columns of features that need a fit. */
  get columnsToFit(): readonly string[] {
    return this.inputs.filter(({ feature }) => feature.needsFit).flatMap(({ columns }) => columns);
  }

  get forms(): Readonly<Record<string, InputForm>> {
    return Object.fromEntries(
      this.inputs.map(({ name, feature: { shape, dtype, kind } }) => [
        name,
        { shape, dtype, ...(kind === undefined ? {} : { kind }) },
      ]),
    );
  }

  /** @returns takes tables one after the other; then what ends the fit */
  startFit(): { readonly take: (table: Table) => void; readonly finish: () => void } {
    const unfitted = this.inputs.filter(({ feature }) => feature.needsFit);
    return {
      take: (table) => {
        for (const { feature, columns } of unfitted) feature.fit(rawOf(table, columns), table.rows);
      },
      finish: () => {
        for (const { feature } of unfitted) feature.finishFit();
      },
    };
  }

  /** Each input as a column; rows for which it can't be made are rejected. */
  async transform(table: Table, faults: RowFaults): Promise<Readonly<Record<string, Column>>> {
    const made: Record<string, Column> = {};
    for (const { name, feature, columns } of this.inputs) {
      const result = feature.transform(rawOf(table, columns), table.rows);
      const { column, faults: found } = result instanceof Promise ? await result : result;
      made[name] = column;
      for (const { column: read, ...fault } of found)
        faults.reject({ ...fault, part: read === name ? `input '${name}'` : `input '${name}', column '${read}'` });
    }
    return made;
  }

  state(): Json {
    return Object.fromEntries(this.inputs.map(({ name, feature }) => [name, feature.state()]));
  }

  /** @throws ConfigError when it is the state of other inputs */
  restore(state: Readonly<Record<string, Json>>, where: string): void {
    for (const { name, feature } of this.inputs) {
      const saved = state[name];
      if (saved === undefined)
        throw new ConfigError({
          where: `${where}, fitted state`,
          expected: `that of input '${name}'`,
          found: formatValue(state),
        });
      if (saved !== null) feature.restore(saved);
    }
  }

  /** What is missing among other columns, for reading them with these inputs too. */
  missingIn(columns: readonly TableColumn[], where: string): readonly Issue[] {
    const names = columns.map(({ name }) => name);
    return this.inputs.flatMap(({ name, columns: read }) =>
      read
        .filter((column) => !names.includes(column))
        .map((column) => unmatched(`${where}.${name}`, column, 'column', names)),
    );
  }
}

function rawOf(table: Table, columns: readonly string[]): readonly RawColumn[] {
  return columns.map((name) => table.columns.get(name) as RawColumn);
}
