import { parseConfig } from '../core/config.ts';
import { ConfigError, SourceError } from '../core/error.ts';
import { type Status, statusSchema } from '../report/telemetry/status-schema.ts';

/** In characters, where there is no terminal. */
export const usualWidth = 110;

/** How long a pipeline may take to answer. */
const answerMs = 10_000;

/**
 * Where a pipeline says how it stands.
 * @param of its file, or the address itself: `http://127.0.0.1:9464`
 * @throws ConfigError when its file does not say
 */
export async function addressOf(of: string): Promise<string> {
  if (/^https?:\/\//.test(of)) return of.replace(/\/+$/, '');
  // What reads pipelines takes longer to load than to answer.
  const { loadPipeline } = await import('../pipeline/load.ts');
  const { config } = await loadPipeline(of);
  const { metrics } = config;
  if (!metrics)
    throw new ConfigError({
      where: `${of}, metrics`,
      expected: 'where the pipeline says how it stands',
      found: 'none',
      hint: 'metrics: { port: 9464 }',
    });
  if (metrics.port === 0)
    throw new ConfigError({
      where: `${of}, metrics.port`,
      expected: 'a port that is known before the pipeline starts',
      found: '0',
      hint: 'give the address in place of the file: it is in the log',
    });
  // Who listens everywhere listens here.
  const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[metrics.host] ?? metrics.host;
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${metrics.port}`;
}

/** @throws SourceError when nobody answers; ConfigError when somebody else does */
export async function statusAt(address: string): Promise<Status> {
  const url = `${address}/v1/status`;
  let answer: unknown;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
    answer = await response.json();
  } catch (error) {
    const { cause } = error as Error;
    const found = cause instanceof Error ? cause.message || 'nobody who does' : (error as Error).message;
    const hint = 'is it running? trunkline run <pipeline>';
    throw new SourceError({ where: url, expected: 'a pipeline that answers', found, hint }, { cause: error });
  }
  return parseConfig(statusSchema, answer, `answer of ${url}`);
}
