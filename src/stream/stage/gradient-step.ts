import { Observable, type OperatorFunction, Subscription, share, tap } from 'rxjs';
import type { HeadReport, StepReport } from '../../step/report.ts';
import type { StepItem, StreamBatch } from '../item.ts';
import { takeSteps } from '../take-steps.ts';
import { type GradientStepOptions, sessionOptions } from './options.ts';
import { SelectedModel, type Selector } from './selector.ts';
import { Session } from './session.ts';

type Taken = Extract<StepItem, StepReport>;

/** A step that was taken, with the loss of each head that was present. */
export interface GradientReport<Heads extends string = string> extends Omit<Taken, 'heads'> {
  readonly heads: { readonly [Head in Heads]?: HeadReport };
}

/**
 * Takes a gradient step with every batch, on the model that the selector describes, and reports it.
 *
 * The selector is ordinary RxJS over the activations of a batch. It is applied once, with the first batch, and subscribed
 * with symbolic tensors: what it answers is the model, which an engine that compiles records and compiles for each shape
 * of batch. An engine that computes eagerly subscribes it for every batch with real tensors: that is the definition. It
 * must answer each batch with exactly one merged loss, at once; what changes over time enters as `weight$`,
 * `learningRate$` and `frozen$`.
 *
 * All that subscribe before it has ended hear the same steps: there is one engine, opened with the first batch. When it
 * ends, by completion, an error or because nobody listens any more, the layers are given what was learned, and the engine
 * is closed; only then does it complete.
 * @throws ConfigError with everything that is wrong with the options. What is wrong with the selector, or with a batch,
 *   is an error of the stream
 */
export function gradientStep<Heads extends string>(
  selector: Selector<Heads>,
  options: GradientStepOptions,
): OperatorFunction<StreamBatch, GradientReport<Heads>> {
  const checked = sessionOptions(options);
  const { points, scoreEverySteps, pause, onSkipped } = options;
  const how = {
    ...(points === undefined ? {} : { points }),
    ...(scoreEverySteps === undefined ? {} : { scoreEverySteps }),
    ...(pause ? { pause } : {}),
  };
  let closed: Promise<unknown> = Promise.resolve();
  return (batches$) =>
    new Observable<GradientReport<Heads>>((subscriber) => {
      const steps = new Subscription();
      const close = (): Promise<void> => {
        steps.unsubscribe();
        const closing = session.close();
        closed = closing.catch(() => {});
        return closing;
      };
      const fail = (error: unknown): void => {
        const both = (other: unknown): AggregateError =>
          new AggregateError([error, other], 'a step failed, and so did closing the engine', { cause: error });
        close().then(
          () => subscriber.error(error),
          (other: unknown) => subscriber.error(both(other)),
        );
      };
      const complete = (): void => {
        close().then(
          () => subscriber.complete(),
          (error: unknown) => subscriber.error(error),
        );
      };
      const session = new Session(() => new SelectedModel(selector), checked, closed, fail);
      const next = (item: StepItem): void => {
        if ('heads' in item) subscriber.next(item as GradientReport<Heads>);
        else if ('skipped' in item) onSkipped?.(item);
      };
      steps.add(batches$.pipe(takeSteps(session, how), tap(next)).subscribe({ error: fail, complete }));
      // Whoever leaves early waits for nothing: a failure to close is then an unhandled rejection.
      subscriber.add(() => void close());
    }).pipe(share());
}
