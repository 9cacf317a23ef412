import { ConfigError, formatIssue, type Issue, TrunklineError } from '../core/error.ts';
import { oneOf, quote } from '../core/format.ts';
import { didYouMean } from '../core/suggest.ts';
import { type SourceContext, sources, type TableColumn, type TableSource } from '../source/index.ts';
import { mapSamples, type SampleSource } from '../source/sample.ts';
import { type Mapping, mappingFields } from '../source/sample-mapping.ts';
import type { ParsedPipelineSource } from './schema/source.ts';

/** A source that was opened: the medium, and the samples that are made of it. */
export interface OpenedSource {
  readonly table: TableSource;
  readonly samples: SampleSource;
}

/** The columns that a source had when it was trained on. */
type Remembered = (name: string) => readonly TableColumn[] | undefined;

/** Opens the sources of a pipeline by name. One that is like another is opened after it. */
export class Sources {
  readonly #configs: Readonly<Record<string, ParsedPipelineSource>>;
  readonly #context: Omit<SourceContext, 'name'>;
  readonly #remembered: Remembered;
  readonly #labels: string | undefined;
  readonly #makesHeads: boolean;
  readonly #opened = new Map<string, Promise<OpenedSource>>();

  /**
   * @param labels the source of labels that come apart from their samples
   * @param makesHeads whether labels make heads that nobody named
   */
  constructor(
    configs: Readonly<Record<string, ParsedPipelineSource>>,
    context: Omit<SourceContext, 'name'> = {},
    remembered: Remembered = () => undefined,
    labels?: string,
    makesHeads = false,
  ) {
    this.#configs = configs;
    this.#context = context;
    this.#remembered = remembered;
    this.#labels = labels;
    this.#makesHeads = makesHeads;
  }

  /**
   * Opens these and what they are like.
   * @throws TrunklineError with what is wrong with any of them
   */
  async open(names: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, OpenedSource>> {
    const issues = Object.keys(this.#configs).flatMap((name) => this.#circle(name));
    if (issues.length > 0) throw new ConfigError(issues);
    const results = await Promise.allSettled(names.map((name) => this.#open(name, signal)));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    throwAll([...new Set(failures)]);
    return new Map(names.map((name, at) => [name, (results[at] as PromiseFulfilledResult<OpenedSource>).value]));
  }

  #open(name: string, signal: AbortSignal | undefined): Promise<OpenedSource> {
    const opened = this.#opened.get(name) ?? this.#make(name, signal);
    this.#opened.set(name, opened);
    return opened;
  }

  async #make(name: string, signal: AbortSignal | undefined): Promise<OpenedSource> {
    const { like, tags: _, ...config } = this.#configs[name] as ParsedPipelineSource;
    const where = `sources.${name}`;
    const options = Object.entries(config);
    const medium = Object.fromEntries(options.filter(([option]) => !(option in mappingFields)));
    const mapping = Object.fromEntries(options.filter(([option]) => option in mappingFields)) as Mapping;
    const table = sources.create(medium as never, { ...this.#context, name, where });
    const model = like === undefined ? undefined : await this.#openLike(like, table, signal);
    const remembered = this.#rememberedOf(name);
    const samples = await mapSamples(table, mapping, {
      where,
      makesHeads: this.#makesHeads,
      ...(remembered ? { remembered } : {}),
      ...(name === this.#labels ? { labelsOnly: true } : {}),
      ...(model ? { like: model.samples } : {}),
      ...(signal ? { signal } : {}),
    });
    return { table, samples };
  }

  /** The source that one is like. When it can't be opened, what is wrong with the other one's own files is told too. */
  async #openLike(like: string, table: TableSource, signal: AbortSignal | undefined): Promise<OpenedSource> {
    const [model, own] = await Promise.allSettled([this.#open(like, signal), table.columns(signal)]);
    if (model.status === 'fulfilled') return model.value;
    throwAll([model.reason, ...(own.status === 'rejected' ? [own.reason] : [])]);
    throw model.reason;
  }

  /** Those of the source, or of the one that it is like in the end. */
  #rememberedOf(name: string): readonly TableColumn[] | undefined {
    const like = this.#configs[name]?.like;
    return this.#remembered(name) ?? (like === undefined ? undefined : this.#rememberedOf(like));
  }

  /** What is wrong with what a source is like. */
  #circle(name: string): readonly Issue[] {
    const names = Object.keys(this.#configs);
    const seen = [name];
    for (let like = this.#configs[name]?.like; like !== undefined; like = this.#configs[like]?.like) {
      const where = `sources.${name}.like`;
      if (!names.includes(like))
        return seen.length > 1
          ? []
          : [{ where, expected: oneOf(names), found: quote(like), ...didYouMean(like, names) }];
      if (like === name) return [{ where, expected: 'another source', found: `${quote(name)}, in the end` }];
      if (seen.includes(like)) return [];
      seen.push(like);
    }
    return [];
  }
}

/** Throws one error with the issues of all, or the first that is no error of ours. */
export function throwAll(failures: readonly unknown[]): void {
  const [first] = failures;
  const foreign = failures.find((failure) => !(failure instanceof TrunklineError));
  if (foreign !== undefined) throw foreign;
  if (failures.length === 1) throw first;
  // What one is like may be at fault for several.
  const issues = new Map(
    (failures as TrunklineError[]).flatMap((one) => one.issues.map((issue) => [formatIssue(issue), issue])),
  );
  if (failures.length > 1) throw new ConfigError([...issues.values()]);
}
