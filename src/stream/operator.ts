import { Observable, type OperatorFunction } from 'rxjs';
import { ConfigError } from '../core/error.ts';
import type { Flow } from './flow.ts';

/** What an operator does with one subscription. What it throws ends the stream. */
export interface Part<In> {
  /** Takes in all of an item before it emits anything, so that its state is whole whenever something is emitted. */
  next(item: In): void;
  /** Told when no more will come. */
  complete?(): void;
  /** Told when the stream has ended, for whatever reason. */
  close?(): void;
}

/**
 * An operator on one flow.
 * @param open makes the operator known to the flow, when the first item arrives
 */
export function onFlow<In extends { readonly flow: Flow }, Out>(
  name: string,
  open: (flow: Flow, emit: (item: Out) => void, fail: (error: unknown) => void) => Part<In>,
): OperatorFunction<In, Out> {
  return (items$) =>
    new Observable<Out>((subscriber) => {
      let flow: Flow | undefined;
      let part: Part<In> | undefined;
      const guarded = (act: () => void): void => {
        try {
          act();
        } catch (error) {
          subscriber.error(error);
        }
      };
      subscriber.add(() => part?.close?.());
      subscriber.add(
        items$.subscribe({
          next: (item) =>
            guarded(() => {
              if (flow && flow !== item.flow) throw otherFlow(name, flow, item.flow);
              flow = item.flow;
              part ??= open(
                flow,
                (emitted) => subscriber.next(emitted),
                (error) => subscriber.error(error),
              );
              part.next(item);
            }),
          error: (error) => subscriber.error(error),
          complete: () =>
            guarded(() => {
              part?.complete?.();
              subscriber.complete();
            }),
        }),
      );
    });
}

function otherFlow(name: string, expected: Flow, found: Flow): ConfigError {
  return new ConfigError({
    where: name,
    expected: `rows of one flow: '${expected.name}'`,
    found: `rows of '${found.name}' among them`,
    hint: 'join streams with interleave',
  });
}
