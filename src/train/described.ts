import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import type { Shape } from '../core/shape.ts';
import {
  type Branch,
  type Forked,
  fork,
  formatModel,
  GraphModel,
  type MergeMode,
  type ModelSpec,
  merge,
  mermaidOf,
  type Origin,
  summarize,
  svgOf,
} from '../model/index.ts';

const schema = z.strictObject({ seed: z.number().default(0) });

/** A model being described, and looked at. */
export class DescribedGraph {
  protected readonly model: GraphModel;

  /** @param options.seed of initial values: the same seed and names give the same weights */
  constructor(options: { readonly seed?: number } = {}) {
    const { seed } = parseConfig(schema, options, 'graph');
    this.model = new GraphModel(seed);
  }

  /**
   * A branch that begins with an input.
   * @param shape of one sample
   * @throws ConfigError when the name is in use
   */
  input(name: string, shape: Shape, options?: { readonly dtype?: 'float32' | 'int32' }): Branch {
    return this.model.input(name, shape, options);
  }

  /** Lets several branches begin where `origin` ends, and freezes it. See `fork`. */
  fork<const Asked extends number | readonly string[]>(origin: Origin, branches: Asked): Forked<Asked> {
    return fork(origin, branches);
  }

  /** Joins branches into one, and freezes them. See `merge`. */
  merge(origins: readonly Origin[], mode: MergeMode, options?: { readonly name?: string }): Branch {
    return merge(origins, mode, options);
  }

  /** The model, whatever it was described with. */
  describe(): ModelSpec {
    return this.model.describe();
  }

  /** The model as text: see `formatModel`. */
  text(): string {
    return formatModel(this.describe());
  }

  /** The model as tables, for people: see `summarize`. */
  summary(): string {
    return summarize(this.describe());
  }

  /** The model as a Mermaid flowchart: see `mermaidOf`. */
  mermaid(): string {
    return mermaidOf(this.describe());
  }

  /** The model as an SVG picture: see `svgOf`. */
  svg(): string {
    return svgOf(this.describe());
  }
}
