import { ConfigError } from '../core/error.ts';
import { ruleIssues } from '../stream/route.ts';
import type { PipelineConfig } from './schema/index.ts';
import { partsOf, tagsOf } from './stream.ts';

/**
 * @param heads those that samples may have labels of
 * @throws ConfigError for every source, tag and head of a rule that no row is of
 */
export function checkRoute({ stream, sources, model }: PipelineConfig, heads: readonly string[]): void {
  const origins = [...partsOf(stream).keys()].map((source) => ({ source, tags: tagsOf(sources, source) }));
  const issues = ruleIssues(
    stream.route,
    { origins, heads, mayHaveNewHeads: model.heads.auto !== undefined },
    'stream.route',
  );
  if (issues.length > 0) throw new ConfigError(issues);
}
