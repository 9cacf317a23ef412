import type { Clock } from '../../core/clock.ts';
import type { EventSink } from '../../core/event.ts';
import type { Route } from '../../core/route.ts';
import type { SampleSource } from '../../source/index.ts';
import type { Receiver } from '../../source/source.ts';
import type { Places } from '../../train/run/covered.ts';
import type { Pipeline } from '../assemble.ts';

/** Sources that others send to, as long as they are open. */
export interface Received {
  /** What they are sent to. */
  readonly routes: readonly Route[];
  /** Tells sources what a checkpoint covers. */
  covered(places: Places): Promise<void>;
  close(): Promise<void>;
}

/**
 * Lets others send to the sources that are trained on.
 * @throws TrunklineError when a log can't be opened
 */
export async function receive(
  pipeline: Pipeline,
  { clock, events }: { readonly clock: Clock; readonly events: EventSink },
): Promise<Received> {
  const sources = pipeline.read.map((name) => pipeline.sources.get(name) as SampleSource);
  const receivers: Receiver[] = [];
  const close = async (): Promise<void> => {
    for (const receiver of receivers.splice(0)) await receiver.close();
  };
  try {
    for (const source of sources) {
      const receiver = await source.receive({ clock, events });
      if (receiver) receivers.push(receiver);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const routes = receivers.flatMap((receiver) => receiver.routes);
  return { routes, covered: (places) => tell(sources, places, events), close };
}

/** What can't be forgotten is kept longer: that is no reason to end a run. */
async function tell(sources: readonly SampleSource[], places: Places, events: EventSink): Promise<void> {
  for (const source of sources) {
    const position = places.get(source.name);
    if (position === undefined) continue;
    try {
      await source.covered?.(position);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      events({ type: 'forgettingFailed', source: source.name, message });
    }
  }
}
