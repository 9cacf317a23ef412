import { ConfigError } from '../../core/error.ts';
import type { FlowState, StreamState } from '../../stream/state.ts';
import type { PipelineConfig } from '../schema/index.ts';
import { partsOf } from '../stream.ts';

/**
 * Refuses more epochs than a mixture of sources was begun with, once one of them has ended: it is drawn no more, so that
 * its further epochs would be waited for in vain.
 * @param state that the run goes on from
 * @throws ConfigError when there are more epochs than a source that has ended was read for
 */
export function refuseLonger({ stream: config }: Pick<PipelineConfig, 'stream'>, state: StreamState): void {
  const names = [...partsOf(config).keys()];
  const joined = state.interleave?.operators.find(({ name }) => name === 'interleave');
  if (names.length < 2 || !joined) return;
  const { ended } = joined.state.json as unknown as { readonly ended: readonly number[] };
  for (const name of ended.map((at) => names[at] as string)) {
    const { epoch } = (state[name] as FlowState).place as unknown as { readonly epoch: number };
    if (config.epochs !== 'endless' && config.epochs < epoch) continue;
    throw new ConfigError({
      where: 'stream.epochs',
      expected: `${epoch - 1}, as when it was begun, because source '${name}' of the mixture has ended`,
      found: `${config.epochs}`,
      hint: 'change it back; or go on with what was learned, reading the sources from their beginning (--partial)',
    });
  }
}
