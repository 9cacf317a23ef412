import type { Rejected, RejectedAt } from '../../core/chunk.ts';
import type { EventSink } from '../../core/event.ts';
import type { DeadLetterRow } from '../../sink/deadLetter.ts';
import { deadLetters } from '../../sink/index.ts';
import type { Sink } from '../../sink/sink.ts';
import { rejectionsOf } from '../../stream/ledger.ts';
import type { StreamState } from '../../stream/state.ts';
import { keepLines } from './kept-lines.ts';

/** The file of what could not be used: there from the first on. */
export class DeadLetters {
  readonly #path: string;
  /** When the run was begun, which tells its lines from those of others. */
  readonly #run: string;
  readonly #events: EventSink;
  #sink: Promise<Sink<DeadLetterRow>> | undefined;

  constructor(path: string, run: string, events: EventSink) {
    this.#path = path;
    this.#run = run;
    this.#events = events;
  }

  async take(rejected: Rejected, at: RejectedAt): Promise<void> {
    const { reason, issue, head } = rejected;
    const message = `${issue.where}: expected ${issue.expected}; found ${issue.found}`;
    this.#events({ type: 'recordRejected', reason, message, ...(head === undefined ? {} : { head }) });
    this.#sink ??= deadLetters.build({ type: 'deadLetter', path: this.#path }, { where: 'deadLetter' }, 'deadLetter');
    // What can't be written is kept, and written before a checkpoint is there.
    await (await this.#sink).write({ ...rejected, run: this.#run, at }).catch(() => {});
  }

  /** Forgets what was rejected after a state that the stream goes on from: it is rejected once more. Before the first. */
  async goBack(state: StreamState): Promise<void> {
    await keepLines(this.#path, (line) => {
      const { run, at } = JSON.parse(line) as DeadLetterRow;
      if (run !== this.#run || !at) return true;
      const flow = state[at.flow];
      return flow !== undefined && at.number <= rejectionsOf(flow.ledger, at.stage);
    });
  }

  /** Resolves when everything taken outlasts a power cut. */
  async flush(): Promise<void> {
    await (await this.#sink)?.flush();
  }

  async close(): Promise<void> {
    const sink = await this.#sink;
    await sink?.flush();
    await sink?.close();
  }
}
