import { ConfigError } from '../core/error.ts';
import { Flow } from './flow.ts';
import type { FlowOptions } from './flow-options.ts';
import { stateOf } from './from-source.ts';
import type { StreamState } from './state.ts';

export interface JoinedFlowOptions extends Pick<FlowOptions, 'name' | 'deadLetter' | 'notReplayable'> {
  /** Those whose rows come out of it; all when left out. The others only add to them. */
  readonly rowsOf?: readonly Flow[];
  /** A state to go on from. */
  readonly restore?: StreamState;
}

/** Rows that are pending beside those that operators hold, before reading stops. */
const joinedRows = 1024;

/**
 * The flow of streams that are joined: it counts what the others have forwarded.
 * @param where it is joined, for errors
 * @throws ConfigError when two flows have one name
 */
export function joinedFlow(
  where: string,
  feeders: readonly Flow[],
  { rowsOf = feeders, restore, ...options }: JoinedFlowOptions,
): Flow {
  const { name } = options;
  checkNames(where, [name, ...feeders.map((feeder) => feeder.name)]);
  const flow = new Flow({
    ...options,
    origins: rowsOf.flatMap(({ origins }) => origins),
    inputs: Object.assign({}, ...rowsOf.map(({ inputs }) => inputs)),
    heads: [...new Set(feeders.flatMap(({ heads }) => heads))],
    mayHaveNewHeads: feeders.some(({ mayHaveNewHeads }) => mayHaveNewHeads),
    // As many bytes as those that are joined may read ahead themselves.
    credit: { rows: joinedRows, sizeBytes: feeders.reduce((sum, { ahead }) => sum + ahead.sizeBytes, 0) },
    isEndless: feeders.some(({ isEndless }) => isEndless),
    ...(restore ? { restore: stateOf(restore, name) } : {}),
  });
  for (const feeder of feeders) flow.fedBy(feeder);
  return flow;
}

function checkNames(where: string, names: readonly string[]): void {
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length === 0) return;
  throw new ConfigError(
    twice.map((name) => ({ where, expected: 'flows of different names', found: `'${name}' twice` })),
  );
}
