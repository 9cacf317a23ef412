import type { Json } from '../core/chunk.ts';
import { placeOf } from '../core/config.ts';
import { formatValue } from '../core/format.ts';
import type { ReloadOutcome } from '../core/steering.ts';
import type { LoadedPipeline } from '../pipeline/load.ts';
import { identityOf, isReloadable } from '../pipeline/run/identity.ts';
import { partsOf } from '../pipeline/stream.ts';
import { differencesOf } from '../train/run/identity.ts';

/** What of a pipeline is neither part of what decides its numbers nor can be taken over while it runs. */
const needRestart = ['name', 'metrics', 'deadLetter', 'journal'] as const;

/** Whether a running pipeline can go on as another one, and what would change. */
export function changesOf(before: LoadedPipeline, next: LoadedPipeline): Exclude<ReloadOutcome, { result: 'invalid' }> {
  const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null));
  const decisive = differencesOf(identityOf(next), identityOf(before));
  const heads = differencesOf(choices(next), choices(before));
  const settings = (['evaluate', 'checkpoint', 'guard', 'stream', 'log'] as const).flatMap((part) =>
    differencesOf({ [part]: plain(next.config[part]) }, { [part]: plain(before.config[part]) }),
  );
  const others = needRestart.flatMap((part) =>
    differencesOf({ [part]: plain(next.config[part]) }, { [part]: plain(before.config[part]) }),
  );
  // Of a mixture: the run would be refused where a source has ended (`refuseLonger`), and not go on at all.
  const isMixed = partsOf(next.config.stream).size > 1;
  const refused = [
    ...decisive.filter(({ path }) => !isReloadable(path)),
    ...others,
    ...differencesOf(receiving(next, before), receiving(before, before)),
    ...settings.filter(({ path: [part, option] }) =>
      part === 'checkpoint' ? option === 'directory' : part === 'stream' && option === 'epochs' && isMixed,
    ),
  ];
  const shown = (differences: typeof decisive): readonly string[] => [
    ...new Set(
      differences.map(({ path, before, now }) => `${placeOf(path, '')}: ${shownValue(before)} → ${shownValue(now)}`),
    ),
  ];
  if (refused.length > 0) return { result: 'restartRequired', changes: shown(refused) };
  const changes = shown([...decisive, ...heads, ...settings]);
  return changes.length === 0 ? { result: 'same' } : { result: 'applied', changes };
}

/** What the pipeline says of its heads and may say otherwise at any time. */
function choices({ config }: LoadedPipeline) {
  const { named, auto, max } = config.model.heads;
  const entries = named.map(({ name, columns, weight, learningRate, frozen, metrics }) => {
    return [name ?? columns, { weight, learningRate, frozen, metrics }];
  });
  const { columns, weight, learningRate, frozen, metrics } = auto ?? {};
  const template = auto && { columns, max, weight, learningRate, frozen, metrics };
  return JSON.parse(JSON.stringify({ heads: Object.fromEntries(entries), template }));
}

/** How a pipeline is sent to. Of its token it is said only whether it is another. */
function receiving({ config }: LoadedPipeline, before: LoadedPipeline): Json {
  const { token, ...http } = config.http ?? {};
  const shown = token === undefined ? null : token === before.config.http?.token ? 'a token' : 'another token';
  const sources = Object.entries(config.sources).map(([name, source]) => {
    const { limits, idempotency, path } = source as Readonly<Record<string, unknown>>;
    return [name, limits === undefined ? {} : { limits, idempotency, path }];
  });
  return JSON.parse(JSON.stringify({ http: { ...http, token: shown }, sources: Object.fromEntries(sources) }));
}

/** Whether nothing changes but what is logged: no run has to begin anew for that. */
export const isOfLogAlone = ({ changes }: { readonly changes: readonly string[] }): boolean =>
  changes.every((change) => change.startsWith('log.'));

const shownValue = (value: Json | undefined): string => (value === undefined ? 'none' : formatValue(value));
