import type { Draw } from '../draw.ts';
import { headEverySamples, heads } from './pipeline.ts';

/** One request: it is sent until it is accepted. */
export interface Delivery {
  readonly path: '/v1/samples' | '/v1/labels';
  /** Its idempotency key. */
  readonly key: string;
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

const samplesAtOnce = 12;
/** Labels may be so many requests later than their samples. */
const longest = 5;

/**
 * Samples, and labels that come with them, before them, later or never; labels of samples that never come; samples and
 * labels that come twice, as the same request or as another.
 */
export class Deliveries {
  readonly #draw: Draw;
  #samples = 0;
  #requests = 0;
  /** Labels by how many requests later they are sent. */
  readonly #later: Readonly<Record<string, unknown>>[][] = [];
  #queue: Delivery[] = [];

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  /** The next one; undefined when the last labels of what was sent are through. @param isLast whether no more samples are made */
  next(isLast: boolean): Delivery | undefined {
    if (this.#queue.length === 0) {
      if (!isLast) this.#sample();
      else if (this.#later.length > 0) this.#queue = this.#labels();
    }
    return this.#queue.shift();
  }

  #sample(): void {
    const early: Readonly<Record<string, unknown>>[] = [];
    const samples = Array.from({ length: samplesAtOnce }, () => {
      const id = `s${this.#samples++}`;
      const own = this.#draw() < 0.1;
      const known = Math.min(heads.length, 2 + Math.floor(this.#samples / headEverySamples));
      for (const head of heads.slice(Number(own), known)) {
        const kind = this.#draw();
        const label = { id, [head]: this.#draw() };
        if (kind < 0.15) early.push(label);
        else if (kind < 0.7) this.#send(label);
        // Another value of the same label: it is not trained.
        if (kind > 0.05 && kind < 0.2) this.#send({ id, [head]: 100 });
      }
      return { id, x: [this.#draw(), this.#draw(), this.#draw()], ...(own ? { a: this.#draw() } : {}) };
    });
    if (this.#draw() < 0.3) early.push({ id: `nobody${this.#samples}`, a: 0 });
    const again = this.#draw() < 0.3 ? this.#request('/v1/samples', samples.slice(0, 3)) : [];
    this.#queue = [
      ...this.#request('/v1/labels', early),
      ...this.#request('/v1/samples', samples),
      ...again,
      ...this.#labels(),
    ];
  }

  #send(label: Readonly<Record<string, unknown>>): void {
    const later = Math.floor(this.#draw() * longest);
    while (this.#later.length <= later) this.#later.push([]);
    this.#later[later]?.push(label);
  }

  #labels(): Delivery[] {
    return this.#request('/v1/labels', this.#later.shift() ?? []);
  }

  #request(path: Delivery['path'], records: Delivery['records']): Delivery[] {
    if (records.length === 0) return [];
    const request = { path, key: `request-${this.#requests++}`, records };
    return this.#draw() < 0.2 ? [request, request] : [request];
  }
}
