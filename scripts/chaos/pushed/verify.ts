import { linesOf, trainedIn } from '../journal.ts';
import type { Accepted } from './client.ts';
import { type Scraped, sumOf } from './scrape.ts';

/** What is wrong: each label of a sample that was accepted, and that was accepted itself, was trained once; no other was. */
export function faultsOf(journal: string, { samples, labels }: Accepted): readonly string[] {
  const counts = trainedIn(linesOf(journal));
  const faults: string[] = [];
  for (const label of labels) {
    const count = counts.get(label) ?? 0;
    const expected = samples.has(idOf(label)) ? 1 : 0;
    if (count !== expected) faults.push(`label ${label} was trained ${count} times, and not ${expected}`);
  }
  for (const label of counts.keys()) if (!labels.has(label)) faults.push(`label ${label} was trained, and never sent`);
  return faults;
}

/** What must wait in the end, as nothing more comes: samples without any label, and labels without a sample. */
export function isSettled(scraped: Scraped, { samples, labels }: Accepted): boolean {
  const labelled = new Set([...labels].map(idOf));
  const waiting = [...samples].filter((id) => !labelled.has(id)).length;
  const orphans = [...labels].filter((label) => !samples.has(idOf(label))).length;
  return (
    sumOf(scraped, 'trunkline_samples_received_total', 'source="join"') >= samples.size &&
    sumOf(scraped, 'trunkline_samples_pending', 'source="join"') === waiting &&
    sumOf(scraped, 'trunkline_samples_pending', 'source="samples"') === 0 &&
    sumOf(scraped, 'trunkline_samples_pending', 'source="labels"') === 0 &&
    sumOf(scraped, 'trunkline_join_waiting', 'kind="samples"') === waiting &&
    sumOf(scraped, 'trunkline_join_waiting', 'kind="labels"') === orphans
  );
}

const idOf = (label: string): string => label.slice(0, label.indexOf('/'));
