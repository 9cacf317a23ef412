import { Observable, Subject } from 'rxjs';
import { vi } from 'vitest';
import { turn } from './sample.ts';

/** Waits for turns of the event loop, so that what was to follow at once has followed. */
export async function settled(): Promise<void> {
  for (let count = 0; count < 12; count++) await turn();
}

/** Waits until something is so, and then for whatever else follows. */
export async function until(isSo: () => boolean): Promise<void> {
  await vi.waitFor(
    () => {
      if (!isSo()) throw new Error('not yet');
    },
    { timeout: 10_000, interval: 1 },
  );
  await settled();
}

/** What is to be played, a character a frame; in brackets, as in RxJS, what comes in one frame. */
export interface Score<Name extends string> {
  readonly sources: Readonly<Record<Name, string>>;
  /** The frame in which the stream is left: `---!`. At the end when left out. */
  readonly leave?: string;
  readonly output: string;
  /** When each source is subscribed to, and left. */
  readonly subscriptions: Readonly<Record<Name, string>>;
}

/**
 * Plays marbles to operators that take turns of the event loop, for which the virtual time of RxJS has no meaning: a frame
 * is over when what was awaited in it has come, and nothing more does.
 * @returns the score as it turned out
 */
export async function play<Name extends string, In, Out>(
  score: Score<Name>,
  values: Readonly<Record<string, In>>,
  apply: (sources: Readonly<Record<Name, Observable<In>>>) => Observable<Out>,
  mark: (item: Out) => string,
): Promise<Score<Name>> {
  const names = Object.keys(score.sources) as Name[];
  const written = [...Object.values<string>(score.sources), score.leave ?? '', score.output];
  const frames = Math.max(...written.map((text) => text.length));
  const [sent, wanted] = [names.map((name) => read(score.sources[name])), read(score.output)];
  const leaveAt = score.leave?.indexOf('!') ?? frames;
  const output = new Map<number, string[]>();
  const subscriptions = names.map(() => new Map<number, string[]>());
  let frame = 0;
  const note = (notes: Map<number, string[]>, what: string): void => {
    notes.set(frame, [...(notes.get(frame) ?? []), what]);
  };
  const subjects = names.map(() => new Subject<In>());
  const sources = names.map((name, at) => {
    const source$ = new Observable<In>((subscriber) => {
      const notes = subscriptions[at] as Map<number, string[]>;
      note(notes, '^');
      subscriber.add(() => note(notes, '!'));
      subscriber.add(subjects[at]?.subscribe(subscriber));
    });
    return [name, source$] as const;
  });
  const subscription = apply(Object.fromEntries(sources) as Record<Name, Observable<In>>).subscribe({
    next: (item) => note(output, mark(item)),
    error: () => note(output, '#'),
    complete: () => note(output, '|'),
  });
  for (; frame < frames; frame++) {
    for (const [at, subject] of subjects.entries())
      for (const what of sent[at]?.get(frame) ?? [])
        if (what === '|') subject.complete();
        else if (what === '#') subject.error('broken');
        else subject.next(values[what] as In);
    if (frame === leaveAt) subscription.unsubscribe();
    const count = wanted.get(frame)?.length ?? 0;
    // What does not come is missing in what is returned.
    await until(() => (output.get(frame)?.length ?? 0) >= count).catch(() => {});
  }
  subscription.unsubscribe();
  const left = names.map((name, at) => [name, write(subscriptions[at] as Map<number, string[]>)]);
  return { ...score, output: write(output, score.output.length), subscriptions: Object.fromEntries(left) };
}

function read(marbles: string): ReadonlyMap<number, readonly string[]> {
  const found = [...marbles.matchAll(/\((.*?)\)|[^-]/g)];
  return new Map(found.map(({ index, 0: one, 1: group }) => [index, [...(group ?? one)]]));
}

function write(notes: ReadonlyMap<number, readonly string[]>, length = 0): string {
  const sorted = [...notes].sort(([one], [other]) => one - other);
  const written = sorted.reduce((text, [frame, marks]) => {
    const group = marks.length > 1 ? `(${marks.join('')})` : marks.join('');
    return text.padEnd(frame, '-') + group;
  }, '');
  return written.padEnd(length, '-');
}
