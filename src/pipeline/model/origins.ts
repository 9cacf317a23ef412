import type { Issue } from '../../core/error.ts';
import { TrunklineError } from '../../core/error.ts';
import { oneOf, quote } from '../../core/format.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { Path } from '../../core/zod-issue.ts';
import { type Branch, fork, type MergeMode, merge } from '../../model/index.ts';
import { grow } from './grow.ts';
import { nameOfLayer, type ParsedLayer } from './layers.ts';

/** A part of a model with a name: layers after what it begins from, or after several that are joined. */
export interface Part {
  readonly path: Path;
  readonly from: readonly Reference[];
  /** How several are joined; undefined where the part begins from one. */
  readonly mode?: MergeMode;
  readonly layers: readonly ParsedLayer[];
  readonly layersPath: Path;
}

/** A name that stands for what something begins from. */
export interface Reference {
  readonly name: string;
  readonly path: Path;
}

export type Report = (path: Path, issue: Omit<Issue, 'where'>) => void;

/** What parts of a model can begin from, by name. Each part is built when it is first asked for. */
export class Origins {
  readonly #parts: ReadonlyMap<string, Part>;
  readonly #report: Report;
  /** undefined where it can't be built, which was reported. */
  readonly #built = new Map<string, Branch | undefined>();
  readonly #building = new Set<string>();
  /** The part that a layer with a name is in. */
  readonly #partOfLayer = new Map<string, string>();

  constructor(inputs: ReadonlyMap<string, Branch>, parts: ReadonlyMap<string, Part>, report: Report) {
    this.#parts = parts;
    this.#report = report;
    for (const [name, branch] of inputs) this.#built.set(name, branch);
    for (const [part, { path, layers, layersPath }] of parts) {
      if (inputs.has(part)) report(path, { expected: 'a name that is not in use', found: `an input ${quote(part)}` });
      layers.forEach((layer, at) => {
        const name = nameOfLayer(layer);
        if (name === undefined) return;
        if (this.names.includes(name))
          report([...layersPath, at], { expected: 'a name that is not in use', found: `another ${quote(name)}` });
        else this.#partOfLayer.set(name, part);
      });
    }
  }

  /** Every name that something may begin from. */
  get names(): readonly string[] {
    return [...new Set([...this.#built.keys(), ...this.#parts.keys(), ...this.#partOfLayer.keys()])];
  }

  /** Builds every part, so that what is wrong with one that nobody uses is said too. */
  buildAll(): void {
    for (const [name, { path }] of this.#parts) this.find({ name, path });
  }

  /** @returns undefined when there is none, which was reported */
  find({ name, path }: Reference): Branch | undefined {
    const part = this.#partOfLayer.get(name) ?? name;
    if (this.#building.has(part)) {
      this.#report(path, { expected: 'something that does not begin from this part itself', found: quote(name) });
      return undefined;
    }
    if (!this.#built.has(part)) this.#buildPart(part);
    if (this.#built.has(name)) return this.#built.get(name);
    if (!this.#partOfLayer.has(name)) {
      const names = this.names;
      this.#report(path, { expected: oneOf(names), found: quote(name), ...didYouMean(name, names) });
    }
    return undefined;
  }

  #buildPart(name: string): void {
    const part = this.#parts.get(name);
    if (part === undefined) return;
    this.#building.add(name);
    const origins = part.from.map((reference) => this.find(reference)).filter((origin) => origin !== undefined);
    this.#building.delete(name);
    const isWhole = part.from.length > 0 && origins.length === part.from.length;
    const branch = isWhole ? this.#begin(name, part, origins) : undefined;
    const { layers, layersPath } = part;
    const named = branch && grow(branch, { layers, path: layersPath, report: this.#report });
    this.#built.set(name, named && branch);
    for (const [layer, at] of named ?? []) this.#built.set(layer, at);
  }

  #begin(name: string, { path, mode }: Part, origins: readonly Branch[]): Branch | undefined {
    if (mode === undefined) return fork(origins[0] as Branch, [name])[0];
    try {
      return merge(origins, mode, { name });
    } catch (error) {
      if (!(error instanceof TrunklineError)) throw error;
      for (const { expected, found } of error.issues) this.#report(path, { expected, found });
      return undefined;
    }
  }
}
