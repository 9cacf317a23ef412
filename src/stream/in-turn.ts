import { Observable, type OperatorFunction } from 'rxjs';

/** Work on items that takes a while. */
export interface Turns<In, Out> {
  /** How many items may be under way at a time. */
  readonly inFlight: number;
  /** Told of each item when it arrives. `idle` says whether another one could be begun at once. */
  arrive(item: In, idle: () => boolean): void;
  /** Begins the work. Several may be under way. @param waitMs time in which there was nothing to work on */
  begin(item: In, waitMs: number): Promise<Out>;
  /** Whether nothing after this item is begun before it has ended. */
  pauses(item: In): boolean;
  /** Ends the work on an item: in the order in which they came, one after the other. */
  end(item: In, out: Out): Promise<void> | void;
  /** Told when `idle` may have become true. */
  changed(): void;
}

/**
 * Works on items, several at a time, and emits in their order what `emit` is given by `end`. Items that wait are few:
 * who sends them reads on only when there is credit. What fails ends the stream when all that was begun has ended.
 */
export function inTurn<In, Out, Emitted>(
  open: (emit: (emitted: Emitted) => void) => Turns<In, Out>,
): OperatorFunction<In, Emitted> {
  return (items$) =>
    new Observable<Emitted>((subscriber) => {
      const turns = open((emitted) => subscriber.next(emitted));
      const waiting: In[] = [];
      let running = 0;
      let paused = false;
      let idleSinceMs = performance.now();
      let last: Promise<void> = Promise.resolve();
      /** Why nothing more is begun. */
      let failure: { readonly error: unknown } | undefined;
      /** How the items ended. */
      let ending: (() => void) | undefined;
      const idle = (): boolean => waiting.length === 0 && running < turns.inFlight && !paused && !failure;

      const begin = (item: In): void => {
        const waitMs = running === 0 ? performance.now() - idleSinceMs : 0;
        running++;
        paused = turns.pauses(item);
        const begun = turns.begin(item, waitMs);
        begun.catch(() => {});
        last = last.then(async () => {
          try {
            const out = await begun;
            if (!failure && !subscriber.closed) await turns.end(item, out);
          } catch (error) {
            failure ??= { error };
          }
          if (turns.pauses(item)) paused = false;
          if (--running === 0) idleSinceMs = performance.now();
          go();
          turns.changed();
        });
      };
      const go = (): void => {
        while (!subscriber.closed && !failure && !paused && running < turns.inFlight && waiting.length > 0)
          begin(waiting.shift() as In);
        if (running > 0) return;
        if (failure) subscriber.error(failure.error);
        else ending?.();
      };
      subscriber.add(
        items$.subscribe({
          next(item) {
            try {
              turns.arrive(item, idle);
              waiting.push(item);
            } catch (error) {
              failure ??= { error };
            }
            go();
          },
          error(error) {
            ending = () => subscriber.error(error);
            go();
          },
          complete() {
            ending = () => subscriber.complete();
            go();
          },
        }),
      );
    });
}
