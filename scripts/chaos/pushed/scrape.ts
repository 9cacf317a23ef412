import { setTimeout as timeout } from 'node:timers/promises';

/** What one scrape told: values by series, as they are written. */
export type Scraped = ReadonlyMap<string, number>;

const betweenMs = 50;

/** Scrapes a daemon's pipeline again and again, and checks that everything it counts has one outcome. */
export class Scraper {
  readonly faults: string[] = [];
  scrapes = 0;
  last: Scraped = new Map();
  readonly #url: () => string | undefined;
  readonly #scraping: Promise<void>;
  #isOver = false;

  /** @param url of the server, while there is one */
  constructor(url: () => string | undefined) {
    this.#url = url;
    this.#scraping = this.#scrape();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#scraping;
  }

  async #scrape(): Promise<void> {
    for (; !this.#isOver; await timeout(betweenMs)) {
      const url = this.#url();
      if (url === undefined) continue;
      try {
        this.last = await scrape(url);
      } catch {
        // It was killed.
        continue;
      }
      this.scrapes++;
      this.faults.push(...imbalances(this.last));
    }
  }
}

/** What a pipeline tells now. @throws when it is not there */
export async function scrape(url: string): Promise<Scraped> {
  // Nothing is left open.
  const response = await fetch(`${url}/metrics`, { headers: { connection: 'close' } });
  return valuesIn(await response.text());
}

function valuesIn(text: string): Scraped {
  const lines = text.matchAll(/^(\w+)\{([^}]*)\} (\S+)$/gm);
  return new Map(Array.from(lines, ([, name, labels, value]) => [`${name}{${labels}}`, Number(value)] as const));
}

/** The sum of the series of a metric that have a label. */
export function sumOf(scraped: Scraped, name: string, label = ''): number {
  let sum = 0;
  for (const [series, value] of scraped) if (series.startsWith(`${name}{`) && series.includes(label)) sum += value;
  return sum;
}

/** Received = pending + outcomes, of samples by source, and of the labels of the join. */
export function imbalances(scraped: Scraped): readonly string[] {
  const faults: string[] = [];
  const check = (what: string, received: number, others: number): void => {
    if (received !== others) faults.push(`${what}: received ${received}, but pending and outcomes are ${others}`);
  };
  for (const source of ['samples', 'labels', 'join'].map((name) => `source="${name}"`))
    check(
      source,
      sumOf(scraped, 'trunkline_samples_received_total', source),
      sumOf(scraped, 'trunkline_samples_pending', source) + sumOf(scraped, 'trunkline_samples_outcome_total', source),
    );
  check(
    'labels of the join',
    sumOf(scraped, 'trunkline_join_labels_received_total'),
    sumOf(scraped, 'trunkline_join_labels_total') + sumOf(scraped, 'trunkline_join_waiting', 'kind="labels"'),
  );
  return faults;
}
