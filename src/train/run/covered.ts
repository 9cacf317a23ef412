import type { Position } from '../../source/source.ts';
import type { StreamState } from '../../stream/state.ts';

/** Where sources are, by name. */
export type Places = ReadonlyMap<string, Position>;

/** Where the sources of a stream are, in the state it goes on from. */
export function placesOf(state: StreamState): Places {
  const places = new Map<string, Position>();
  for (const [name, { place }] of Object.entries(state)) {
    const position = (place as { readonly position?: Position } | null)?.position;
    if (position !== undefined) places.set(name, position);
  }
  return places;
}

/**
 * What a source may forget: what the oldest of the newest checkpoints covers, because a run goes on from that one when
 * those after it are damaged. As long as there is one checkpoint alone, that is nothing.
 */
export class Coverage {
  readonly #keep: number;
  /** By step. Of checkpoints that an earlier process wrote it is not known, and waited until they are gone. */
  readonly #places = new Map<number, Places>();

  /** @param keep how many of the newest checkpoints a run may go on from */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** A checkpoint was written, or gone on from. */
  add(step: number, state: StreamState): void {
    this.#places.set(step, placesOf(state));
  }

  /** @param steps of which there are checkpoints, newest first */
  oldest(steps: readonly number[]): Places | undefined {
    const newest = steps.slice(0, this.#keep);
    const last = newest.at(-1);
    if (last === undefined || newest.length < 2) return undefined;
    for (const step of this.#places.keys()) if (step < last) this.#places.delete(step);
    return this.#places.get(last);
  }
}
