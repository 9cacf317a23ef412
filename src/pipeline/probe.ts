import type { Rejected } from '../core/chunk.ts';
import type { SampleSource } from '../source/index.ts';

/** What was rejected, by its reason: how often, and the first one. */
export type Reasons = ReadonlyMap<string, { readonly count: number; readonly first: Rejected }>;

/** Counts what was rejected by its reason, beside what was counted before. */
export function countReasons(rejected: readonly Rejected[], before: Reasons = new Map()): Reasons {
  const reasons = new Map(before);
  for (const one of rejected) {
    const { count, first } = reasons.get(one.reason) ?? { count: 0, first: one };
    reasons.set(one.reason, { count: count + 1, first });
  }
  return reasons;
}

/** What the first rows of a source came to. */
export interface Probe {
  /** Rows of the source, where that is known. */
  readonly rows: number | undefined;
  /** Whether all of it was read. */
  readonly whole: boolean;
  readonly samples: number;
  /** Labels by head; heads without any have 0. */
  readonly labels: ReadonlyMap<string, number>;
  readonly rejected: number;
  readonly reasons: Reasons;
}

/**
 * Reads the first rows of a source.
 * @param most samples and rejected records after which it stops
 * @throws TrunklineError when it can't be read, or too much is rejected
 */
export async function probe(source: SampleSource, most: number, signal?: AbortSignal): Promise<Probe> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  const labels = new Map(source.heads.map((head) => [head, 0]));
  let reasons: Reasons = new Map();
  const counts = { samples: 0, rejected: 0 };
  // Of what is still to come there are no first rows.
  if (source.isEndless && !source.canPeek)
    return { rows: undefined, whole: false, samples: 0, labels, rejected: 0, reasons };
  const rows = await source.countRows(controller.signal);
  let whole = true;
  try {
    for await (const { chunk, rejected } of source.read({ signal: controller.signal, peek: true })) {
      counts.samples += chunk.rows;
      for (const [head, { present }] of Object.entries(chunk.labels))
        labels.set(
          head,
          present.reduce((sum, mark) => sum + mark, labels.get(head) ?? 0),
        );
      counts.rejected += rejected.length;
      reasons = countReasons(rejected, reasons);
      if (counts.samples + counts.rejected < most) continue;
      whole = rows !== undefined && rows <= counts.samples;
      break;
    }
    whole &&= !source.isEndless;
  } finally {
    signal?.removeEventListener('abort', abort);
    controller.abort();
  }
  return { rows, whole, ...counts, labels, reasons };
}
