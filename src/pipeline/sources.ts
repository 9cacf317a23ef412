import { ConfigError, type Issue, TrunklineError } from '../core/error.ts';
import { oneOf, quote } from '../core/format.ts';
import { didYouMean } from '../core/suggest.ts';
import { type SourceContext, sources, type TableSource } from '../source/index.ts';
import { mapSamples, type SampleSource } from '../source/sample.ts';
import { type Mapping, mappingFields } from '../source/sample-mapping.ts';
import type { ParsedPipelineSource } from './schema/source.ts';

/** A source that was opened: the medium, and the samples that are made of it. */
export interface OpenedSource {
  readonly table: TableSource;
  readonly samples: SampleSource;
}

/** Opens the sources of a pipeline by name. One that is like another is opened after it. */
export class Sources {
  readonly #configs: Readonly<Record<string, ParsedPipelineSource>>;
  readonly #context: Omit<SourceContext, 'name'>;
  readonly #opened = new Map<string, Promise<OpenedSource>>();

  constructor(configs: Readonly<Record<string, ParsedPipelineSource>>, context: Omit<SourceContext, 'name'> = {}) {
    this.#configs = configs;
    this.#context = context;
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
    const { like, ...config } = this.#configs[name] as ParsedPipelineSource;
    const where = `sources.${name}`;
    const model = like === undefined ? undefined : await this.#open(like, signal);
    const options = Object.entries(config);
    const medium = Object.fromEntries(options.filter(([option]) => !(option in mappingFields)));
    const mapping = Object.fromEntries(options.filter(([option]) => option in mappingFields)) as Mapping;
    const table = sources.create(medium as never, { ...this.#context, name, where });
    const samples = await mapSamples(table, mapping, {
      where,
      ...(model ? { like: model.samples } : {}),
      ...(signal ? { signal } : {}),
    });
    return { table, samples };
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
  if (failures.length > 1) throw new ConfigError((failures as TrunklineError[]).flatMap(({ issues }) => issues));
}
