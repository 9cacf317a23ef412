import { join as pathOf } from 'node:path';
import { ConfigError, type Issue } from '../core/error.ts';
import { oneOf, quote } from '../core/format.ts';
import type { SampleSource } from '../source/index.ts';
import type { JoinOptions } from '../stream/join.ts';
import type { PipelineConfig } from './schema/index.ts';
import type { StreamConfig } from './schema/stream.ts';

/** Options of the join, written out; undefined where there is none. */
export function joinOf({ join }: StreamConfig, runFolder: string): JoinOptions | undefined {
  if (!join) return undefined;
  const { directory = pathOf(runFolder, 'join'), ttl: ttlMs, maxItems, maxBytes, onLate, time } = join;
  return { directory, ttlMs, maxItems, maxBytes, onLate, time };
}

/** Names of the sources that are read while training: of samples, and of labels that come apart from them. */
export function readOf({ from, join }: StreamConfig): readonly string[] {
  return [...(typeof from === 'string' ? [from] : Object.keys(from)), ...(join ? [join.labels] : [])];
}

/** @throws ConfigError where samples and labels can't be joined */
export function checkJoin(
  { stream, sources: written }: PipelineConfig,
  sources: ReadonlyMap<string, SampleSource>,
): void {
  const { join, epochs } = stream;
  if (!join) return;
  const { labels, time } = join;
  const issues: Issue[] = [];
  if (epochs !== 1)
    issues.push({
      where: 'stream.epochs',
      expected: '1, as a join gives each label to training once',
      found: `${epochs}`,
    });
  const { type, records } = written[labels] as { readonly type: string; readonly records?: string };
  if (type === 'http' && records !== 'labels')
    issues.push({
      where: `sources.${labels}.records`,
      expected: "'labels', as a sample may have one label after the other",
      found: quote(records ?? 'samples'),
      hint: 'records: labels',
    });
  for (const name of readOf(stream)) {
    const { mapping } = sources.get(name) as SampleSource;
    if (mapping.id === undefined && name !== labels)
      issues.push({
        where: `sources.${name}.id`,
        expected: 'the column of ids, by which labels find their sample',
        found: 'none',
        hint: 'id: <column>',
      });
    if (mapping.time === undefined && time === 'event')
      issues.push({
        where: `sources.${name}.time`,
        expected: 'the column of event times, by which the join tells how long something has waited',
        found: 'none',
        hint: 'time: <column>; or let it go by the clock: stream.join.time: processing',
      });
  }
  if (issues.length > 0) throw new ConfigError(issues);
}

/** What is wrong with the name of the labels' source. */
export function joinIssues({ sources, stream }: PipelineConfig): readonly Issue[] {
  const { join } = stream;
  const [last, ...others] = join ? [...readOf(stream)].reverse() : [];
  if (last === undefined || !others.includes(last)) return [];
  const free = Object.keys(sources).filter((name) => !others.includes(name));
  const expected = free.length === 0 ? 'a source of labels' : oneOf(free);
  return [
    {
      where: 'stream.join.labels',
      expected,
      found: `${quote(last)}, which samples are from`,
      hint: 'labels that stand beside their features need no join',
    },
  ];
}
