import type { TypedArray } from '../core/dtype.ts';
import type { Batch, HeadLabels } from './batch.ts';
import type { TrainedHead } from './head-group.ts';
import type { ModelProgram } from './program.ts';
import { type PrequentialScores, ScoredWindow } from './scored-window.ts';

/** What windows are called among the arrays of a state. */
const kind = 'window/';

/**
 * Scores of heads on the rows of each batch before it is trained on, from what the step computes anyway: predictions as
 * they are made for training, with dropout and the statistics of the batch. Each head has a window of its last labels,
 * so that a rare head is scored on as many as a common one, and what was predicted long ago is forgotten.
 * @see Gama, Sebastião & Rodrigues 2013, doi:10.1007/s10994-012-5320-9: over a window, this approaches the score on rows
 *   that are held out, which over all rows since the beginning it does not
 */
export class Prequential {
  readonly #windows: ReadonlyMap<string, ScoredWindow>;

  /** @throws ConfigError when a metric does not go with its head */
  constructor(heads: readonly TrainedHead[]) {
    const scored = heads.filter(({ objective }) => objective.prequential > 0);
    this.#windows = new Map(scored.map((head) => [head.name, new ScoredWindow(head)]));
  }

  /** Whether any head is scored. */
  get isOn(): boolean {
    return this.#windows.size > 0;
  }

  /** Takes in what a step predicted for the labelled rows of the heads that it trained. */
  add(
    program: ModelProgram,
    labels: Batch['labels'],
    outputs: Readonly<Record<string, TypedArray>>,
    trained: readonly { readonly name: string }[],
  ): void {
    if (!this.isOn) return;
    for (const { name } of trained) {
      const guesses = this.#windows.has(name) && program.guessesIn(outputs, name);
      if (guesses) this.#windows.get(name)?.add(labels[name] as HeadLabels, guesses);
    }
  }

  /** Of every head that is scored. */
  scores(): Readonly<Record<string, PrequentialScores>> {
    return Object.fromEntries([...this.#windows].map(([head, window]) => [head, window.scores()]));
  }

  /** What the windows hold, for checkpoints: `window/<head>`. */
  arrays(): Readonly<Record<string, TypedArray>> {
    const held = [...this.#windows].map(([head, window]) => [`${kind}${head}`, window.read()] as const);
    return Object.fromEntries(held.filter(([, rows]) => rows.length > 0));
  }

  /** Goes on from the windows that a state names. */
  adopt(arrays: Readonly<Record<string, TypedArray>>): void {
    for (const [head, window] of this.#windows) {
      const rows = arrays[`${kind}${head}`];
      if (rows) window.restore(rows);
    }
  }

  clear(): void {
    for (const window of this.#windows.values()) window.clear();
  }
}
