import { map, type OperatorFunction } from 'rxjs';
import { ConfigError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import type { LossLike } from '../../model/index.ts';
import type { Activation, Ending, Handle, HeadLoss } from './activation.ts';
import { issuesOfStreams } from './runtime.ts';
import { type Chain, layersOf, through } from './trunk.ts';

/** What is said of a head besides its loss. What ends in $ may change while training, and changing it compiles nothing. */
export type BranchOptions = Omit<Ending, 'loss'>;

/**
 * A head, named after the branch of the fork it ends: layers of its own, and what they are trained for.
 * @param chain layers, models or functions, one after the other; none when the activation itself is the output
 * @throws ConfigError when something is no layer, or what should be a stream is none
 */
export function branch(
  chain: Chain,
  loss: LossLike,
  options: BranchOptions = {},
): OperatorFunction<Activation, HeadLoss> {
  const layers = layersOf(chain, 'branch');
  const issues = issuesOfStreams(options, ['weight$', 'learningRate$', 'frozen$'], 'branch');
  if (issues.length > 0) throw new ConfigError(issues);
  return map((activation) => {
    const ended = through(activation, layers);
    const { branch: head, handles, interpreter } = ended;
    if (head === undefined)
      throw new ConfigError({
        where: 'branch',
        expected: 'a branch of a fork, which names the head',
        found: 'one outside of any fork',
        hint: 'fork({ name: branch(layers, loss) })',
      });
    return interpreter.loss(onlyHandle(head, handles), head, { ...options, loss });
  });
}

function onlyHandle(head: string, handles: ReadonlyMap<string, Handle>): Handle {
  const [handle, ...others] = handles.values();
  if (handle && others.length === 0) return handle;
  throw new ConfigError({
    where: `head "${head}"`,
    expected: 'one tensor',
    found: `${handles.size}: ${[...handles.keys()].map(formatValue).join(', ')}`,
    hint: "merge('concat') joins them, pick(name) takes one of them",
  });
}
