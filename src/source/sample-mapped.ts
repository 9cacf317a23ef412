import type { Chunk, Json, LabelColumn, Rejected } from '../core/chunk.ts';
import { parseConfig } from '../core/config.ts';
import { ConfigError, SourceError } from '../core/error.ts';
import { gatherRows } from '../core/rows.ts';
import type { Table } from '../core/table.ts';
import type { LabelSpec } from '../loss/index.ts';
import type { NewHeads } from './new-heads.ts';
import { sortRecords } from './record/sort.ts';
import type { SampleSource } from './sample.ts';
import { RowFaults } from './sample-fault.ts';
import type { Inputs } from './sample-inputs.ts';
import type { FittedLabels, LabelReading, Labels } from './sample-labels.ts';
import { RejectLimit } from './sample-limit.ts';
import type { ClassName, Mapping } from './sample-mapping.ts';
import { metaColumns, readMeta } from './sample-meta.ts';
import type { HeadRule, LabelScale } from './sample-rule.ts';
import { savedState } from './sample-state.ts';
import type {
  Position,
  Reading,
  ReadOptions,
  ReceiveOptions,
  Receiver,
  TableColumn,
  TableSource,
  Verdicts,
} from './source.ts';

/** Rows of which this share is rejected stop the reading, and as many at least. */
const rejectDefaults = { share: 0.1, rows: 100 };

/** Issues that are told of records that can't be samples. */
const shownIssues = 20;

interface Parts {
  readonly table: TableSource;
  /** Those that the table offers. */
  readonly columns: readonly TableColumn[];
  readonly mapping: Mapping;
  readonly where: string;
  readonly inputs: Inputs;
  readonly labels: Labels | undefined;
  readonly fittedLabels: FittedLabels;
  /** What labels of heads may become that there are none of. */
  readonly newHeads?: NewHeads;
}

/** What became of a table. */
interface Assembled extends Pick<LabelReading, 'newHeads' | 'full'> {
  readonly chunk: Chunk;
  readonly rejected: readonly Rejected[];
  readonly rejectedRows: number;
}

/** Samples that are made table by table: columns at a time, never one object for each. */
export class MappedSamples implements SampleSource {
  readonly mapping: Mapping;
  readonly name: string;
  readonly replayable: boolean;
  /** Shared by the samples of other tables that are read alike. */
  readonly features: Inputs;
  readonly fittedLabels: FittedLabels;
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
    this.mapping = parts.mapping;
    this.name = parts.table.name;
    this.replayable = parts.table.replayable;
    this.features = parts.inputs;
    this.fittedLabels = parts.fittedLabels;
  }

  get inputs(): SampleSource['inputs'] {
    return this.features.forms;
  }

  get heads(): readonly string[] {
    return this.parts.labels?.heads ?? [];
  }

  get needsFit(): boolean {
    return this.features.needsFit || (this.parts.labels?.needsFit ?? false);
  }

  withLabels(specs: ReadonlyMap<string, LabelSpec>, newHeads?: NewHeads): SampleSource {
    const { newHeads: _, ...parts } = this.parts;
    return new MappedSamples({
      ...parts,
      labels: parts.labels?.withSpecs(specs, newHeads),
      ...(newHeads ? { newHeads } : {}),
    });
  }

  get mayHaveNewHeads(): boolean {
    return this.takesAnyHead && this.parts.newHeads !== undefined;
  }

  get takesAnyHead(): boolean {
    return this.parts.labels?.takesAny ?? false;
  }

  labelScales(): ReadonlyMap<string, LabelScale> {
    return this.parts.labels?.scales() ?? new Map();
  }

  labelClasses(): ReadonlyMap<string, readonly ClassName[]> {
    return this.parts.labels?.classes() ?? new Map();
  }

  async countRows(signal?: AbortSignal): Promise<number | undefined> {
    return this.parts.table.countRows?.(signal);
  }

  async files(): Promise<readonly string[]> {
    return (await this.parts.table.files?.()) ?? [];
  }

  get isEndless(): boolean {
    return this.parts.table.isEndless ?? false;
  }

  get canPeek(): boolean {
    return this.parts.table.canPeek ?? false;
  }

  async covered(position: Position): Promise<void> {
    await this.parts.table.covered?.(position);
  }

  async receive(options: ReceiveOptions): Promise<Receiver | undefined> {
    return this.parts.table.receive?.({ ...options, judge: (table) => this.judge(table) });
  }

  get featureColumns(): readonly TableColumn[] {
    const read = new Set(this.features.columns);
    return this.parts.columns.filter(({ name }) => read.has(name));
  }

  async samplesOf(records: readonly unknown[], where: string): Promise<Chunk> {
    const { columns, records: places, faults: unsorted } = sortRecords(records, this.featureColumns);
    const rows = places.length;
    const faults = new RowFaults(rows);
    const keys = Int32Array.from(places);
    const inputs = await this.features.transform({ rows, columns, place: (row) => `${where}[${row}]`, keys }, faults);
    const issues = [
      ...[...unsorted].map(([at, { reason: _, ...fault }]) => ({ where: `${where}[${at}]`, ...fault })),
      ...faults.list.map(({ row, part, expected, found, hint }) => {
        return { where: `${where}[${places[row]}], ${part}`, expected, found, ...(hint === undefined ? {} : { hint }) };
      }),
    ];
    if (issues.length > 0) throw new SourceError(issues.slice(0, shownIssues));
    return { rows, inputs, labels: {}, keys };
  }

  async fit(signal: AbortSignal): Promise<void> {
    const { labels, table, where } = this.parts;
    if (table.isEndless)
      throw new ConfigError({
        where,
        expected: 'features and labels that need to learn nothing first, as this source has no end',
        found: 'some that do',
        hint: 'train on a source with an end too, named before this one, and say here: like: <its name>',
      });
    const fits = [this.features.startFit(), ...(labels?.needsFit ? [labels.startFit()] : [])];
    const columns = [...new Set([...this.features.columnsToFit, ...(labels?.columnsToFit ?? [])])];
    let rows = 0;
    for await (const { table: part } of table.read({ signal, columns, peek: true })) {
      rows += part.rows;
      for (const fit of fits) fit.take(part);
    }
    if (rows === 0)
      throw new ConfigError({ where, expected: 'rows that features or labels can learn from', found: 'none' });
    for (const fit of fits) fit.finish();
  }

  state(): Json {
    const read = new Set(this.columnsRead());
    const columns = this.parts.columns
      .filter(({ name }) => read.has(name))
      .map(({ name, kind, type }) => ({ name, kind, type }));
    return { features: this.features.state(), labels: this.parts.labels?.state() ?? null, columns };
  }

  restore(state: Json): void {
    const { where, labels } = this.parts;
    const { features, labels: fitted } = parseConfig(savedState, state, `${where}, fitted state`);
    this.features.restore(features as Readonly<Record<string, Json>>, where);
    if (fitted) labels?.restore(fitted);
  }

  async *read({ from, signal, peek }: ReadOptions): AsyncIterable<Reading> {
    const { table, mapping, where, labels, newHeads } = this.parts;
    if (this.needsFit)
      throw new ConfigError({
        where,
        expected: 'features and labels that were fitted on the training source',
        found: 'some that were not',
        hint: 'fit them (fitFeatures), or restore what was fitted before',
      });
    // What others send can't be a reason to end: they were told, and it is in the dead letters.
    const { maxRejectShare = table.receive ? 1 : rejectDefaults.share, minRejects = rejectDefaults.rows } = mapping;
    const limit = new RejectLimit(table.name, maxRejectShare, minRejects);
    const rules = labels?.rules() ?? new Map<string, HeadRule>();
    const options = { signal, columns: this.columnsRead(), ...(from !== undefined && { from }), ...(peek && { peek }) };
    for await (const { table: rows, rejected: unread, position } of table.read(options)) {
      const { chunk, rejected, rejectedRows, newHeads: wanted, full } = await this.assemble(rows, rules);
      if (newHeads && !peek) {
        // Whoever makes them ends this reading, and goes on before these rows.
        if (wanted) await newHeads.want(wanted, signal);
        if (full !== undefined) newHeads.full(table.name, full);
      }
      const all = unread.length === 0 ? rejected : [...unread, ...rejected];
      yield { chunk, rejected: all, position };
      limit.count(rows.rows + unread.length, rejectedRows + unread.length, all);
    }
    if (from === undefined) limit.finish();
  }

  private columnsRead(): readonly string[] {
    const { mapping, labels } = this.parts;
    return [...new Set([...this.features.columns, ...(labels?.columns ?? []), ...metaColumns(mapping)])];
  }

  /** What of a table can't be samples. */
  private async judge(table: Table): Promise<Verdicts> {
    const { mapping, labels } = this.parts;
    const faults = new RowFaults(table.rows);
    await this.features.transform(table, faults);
    const { ids } = readMeta(mapping, table, faults);
    labels?.read(labels.rules(), table, faults);
    return { faults: faults.list, ...(ids ? { ids } : {}) };
  }

  /** The samples of a table, and what of it can't be one. */
  private async assemble(table: Table, rules: ReadonlyMap<string, HeadRule>): Promise<Assembled> {
    const { mapping, labels } = this.parts;
    const faults = new RowFaults(table.rows);
    const inputs = await this.features.transform(table, faults);
    const { weights, ...meta } = readMeta(mapping, table, faults);
    const { labels: own, rows: firstRows, ...heads } = labels?.read(rules, table, faults) ?? { labels: {} };
    const { rows, keys } = table;
    const unlabelled: Chunk = { rows, inputs, keys, ...meta, labels: {} };
    const labelled = weighted(own, weights, firstRows);
    const chunk = firstRows
      ? { ...pick(unlabelled, firstRows), labels: labelled }
      : pickGood({ ...unlabelled, labels: labelled }, faults.bad);
    return { chunk, rejected: faults.rejected(table, meta.ids), rejectedRows: faults.rows, ...heads };
  }
}

function pickGood(chunk: Chunk, bad: Uint8Array): Chunk {
  if (!bad.includes(1)) return chunk;
  const good: number[] = [];
  for (let row = 0; row < bad.length; row++) if (bad[row] === 0) good.push(row);
  return pick(chunk, Int32Array.from(good));
}

function pick(chunk: Chunk, rows: Int32Array): Chunk {
  return gatherRows([chunk], { of: new Int32Array(rows.length), rows });
}

/** Labels whose weights are those of their samples, times their own. */
function weighted(
  labels: Readonly<Record<string, LabelColumn>>,
  weights: Float32Array | undefined,
  rows: Int32Array | undefined,
): Readonly<Record<string, LabelColumn>> {
  if (weights === undefined) return labels;
  const ofSamples = rows ? Float32Array.from(rows, (row) => weights[row] as number) : weights;
  const weigh = ({ weight, ...column }: LabelColumn): LabelColumn => ({
    ...column,
    weight: weight ? weight.map((own, sample) => own * (ofSamples[sample] as number)) : ofSamples,
  });
  return Object.fromEntries(Object.entries(labels).map(([head, column]) => [head, weigh(column)]));
}
