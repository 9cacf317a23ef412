import { defer, isObservable, type Observable, type OperatorFunction, of } from 'rxjs';
import { ConfigError, TrunklineError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import { formatFound } from './found.ts';

/** What is asked, in words for errors. */
export interface Question {
  /** `selector`, or `branch 'tox'`. */
  readonly where: string;
  /** `one merged loss for each batch`. */
  readonly expected: string;
}

const streamsHint = 'what changes over time enters as weight$, learningRate$ or frozen$';

/**
 * An RxJS operator that is asked for one answer to one value at a time. It is applied once, and subscribed for each
 * value: whatever it made when it was applied stays, and nothing it remembers of a subscription does.
 */
export class Answering<Given> {
  readonly #question: Question;
  readonly #answers$: Observable<unknown>;
  #given: { readonly value: Given } | undefined;

  /** @throws ConfigError when it is no operator */
  constructor(operator: OperatorFunction<Given, unknown>, question: Question) {
    this.#question = question;
    if (typeof operator !== 'function') this.#refuse(formatFound(operator), 'give an operator: pipe(trunk(…), …)');
    this.#answers$ = operator(defer(() => this.#value$()));
    if (!isObservable(this.#answers$)) this.#refuse(`an operator that gives ${formatFound(this.#answers$)}`);
  }

  /**
   * The answer to a value.
   * @throws ConfigError when there is not exactly one, at once; and whatever error it ends with
   */
  answer(value: Given): unknown {
    const answers: unknown[] = [];
    let [completed, failure] = [false, undefined as { readonly error: unknown } | undefined];
    const outer = this.#given;
    this.#given = { value };
    try {
      this.#answers$
        .subscribe({
          next: (answer) => answers.push(answer),
          error: (error: unknown) => {
            failure = { error };
          },
          complete: () => {
            completed = true;
          },
        })
        .unsubscribe();
    } finally {
      this.#given = outer;
    }
    if (failure) this.#fail(failure);
    if (answers.length > 1) this.#refuse(`${answers.length}`, 'losses are merged with mergeLosses');
    if (answers.length === 0)
      this.#refuse(
        completed ? 'none' : 'none by the time it was subscribed',
        completed ? 'batches are left out before gradientStep' : streamsHint,
      );
    if (!completed) this.#refuse('one that others may follow: it did not complete', streamsHint);
    return answers[0];
  }

  #value$(): Observable<Given> {
    const given = this.#given;
    if (given) return of(given.value);
    return this.#refuse('a subscription outside of a batch', 'subscribe to nothing yourself: return the observable');
  }

  #fail({ error }: { readonly error: unknown }): never {
    if (error instanceof TrunklineError) throw error;
    this.#refuse(`an error: ${error instanceof Error ? error.message : formatValue(error)}`, undefined, error);
  }

  #refuse(found: string, hint?: string, cause?: unknown): never {
    const issue = { ...this.#question, found, ...(hint === undefined ? {} : { hint }) };
    throw new ConfigError(issue, cause === undefined ? undefined : { cause });
  }
}
