import { setTimeout as timeout } from 'node:timers/promises';
import type { Deliveries, Delivery } from './deliveries.ts';
import { heads } from './pipeline.ts';

/** What was accepted: all of it is to be trained, where there is both. */
export interface Accepted {
  readonly samples: Set<string>;
  /** `id/head`. */
  readonly labels: Set<string>;
}

interface Answer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly object[];
  readonly rejectedLabels: readonly object[];
}

const senders = 3;
/** Between two requests of one sender, and before a request that was not accepted is sent again. */
const pauseMs = 100;
const againMs = 100;

/** Sends requests to a daemon that is killed meanwhile, each until it is accepted. */
export class Client {
  readonly accepted: Accepted = { samples: new Set(), labels: new Set() };
  readonly faults: string[] = [];
  /** Requests that were accepted, that nobody answered, and that were refused for a time. */
  readonly counts = { accepted: 0, unanswered: 0, refused: 0 };
  readonly #url: () => string | undefined;
  readonly #deliveries: Deliveries;
  readonly #sending: Promise<unknown>;
  #isLast = false;

  /** @param url of the server, while there is one */
  constructor(url: () => string | undefined, deliveries: Deliveries) {
    this.#url = url;
    this.#deliveries = deliveries;
    this.#sending = Promise.all(Array.from({ length: senders }, () => this.#send()));
  }

  /** Sends no more than what belongs to what was sent. Resolves when all of that was accepted. */
  async end(): Promise<void> {
    this.#isLast = true;
    await this.#sending;
  }

  async #send(): Promise<void> {
    for (let one = this.#next(); one; one = this.#next()) {
      while (!(await this.#isAccepted(one))) await timeout(againMs);
      await timeout(pauseMs);
    }
  }

  #next(): Delivery | undefined {
    return this.#deliveries.next(this.#isLast);
  }

  async #isAccepted({ path, key, records }: Delivery): Promise<boolean> {
    const url = this.#url();
    if (url === undefined) return false;
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}${path}`, { method: 'POST', headers, body: bodyOf(path, records) });
      text = await response.text();
    } catch {
      this.counts.unanswered++;
      return false;
    }
    if (response.status === 429 || response.status === 503) {
      this.counts.refused++;
      return false;
    }
    const answer = JSON.parse(text) as Answer;
    const { accepted, duplicates, rejected = [], rejectedLabels = [] } = answer;
    if (
      response.status !== 200 ||
      accepted + duplicates !== records.length ||
      rejected.length + rejectedLabels.length > 0
    )
      this.faults.push(`${path} of ${key} was answered ${response.status} ${text}`);
    this.counts.accepted++;
    for (const { id, ...rest } of records) {
      if (path === '/v1/samples') this.accepted.samples.add(String(id));
      for (const head of heads) if (head in rest) this.accepted.labels.add(`${id}/${head}`);
    }
    return true;
  }
}

/** Labels are sent in a map. */
function bodyOf(path: Delivery['path'], records: Delivery['records']): string {
  return JSON.stringify(path === '/v1/labels' ? records.map(({ id, ...labels }) => ({ id, labels })) : records);
}
