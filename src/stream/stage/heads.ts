import { filter, map, type Observable } from 'rxjs';
import type { HeadReport } from '../../step/report.ts';

/** A report of which only the heads matter. */
export interface ReportOfHeads<Heads extends string> {
  readonly heads: { readonly [Head in Heads]?: HeadReport };
}

/**
 * The stream of each head's loss, by the head's name: what became of it in every step in which it was present.
 * A name is looked up when it is used, because heads are known only once the first batch has come.
 * @param report$ what `gradientStep` gives. All streams that are subscribed before it has ended hear the same steps
 */
export function heads<Heads extends string>(
  report$: Observable<ReportOfHeads<Heads>>,
): { readonly [Head in Heads]: Observable<HeadReport> } {
  const streams = new Map<string, Observable<HeadReport>>();
  const streamOf = (head: string): Observable<HeadReport> => {
    const known = streams.get(head);
    if (known) return known;
    const own$ = report$.pipe(
      map((report) => report.heads[head as Heads]),
      filter((own) => own !== undefined),
    );
    streams.set(head, own$);
    return own$;
  };
  return new Proxy(Object.freeze({}), {
    get: (_, name) => (typeof name === 'string' ? streamOf(name) : undefined),
  }) as { readonly [Head in Heads]: Observable<HeadReport> };
}
