import type { MonoTypeOperatorFunction } from 'rxjs';
import { z } from 'zod';
import type { LabelColumn } from '../core/chunk.ts';
import { parseConfig } from '../core/config.ts';
import { ConfigError, type Issue } from '../core/error.ts';
import { markLabelled } from '../core/labelled.ts';
import { matchNames, unmatchedIn } from '../core/pattern.ts';
import type { Flow } from './flow.ts';
import type { StreamChunk } from './item.ts';
import { keepRows, type RowPredicate } from './keep.ts';
import { onFlow } from './operator.ts';

/** Which heads some rows may train. A rule without `source`, `tag` and `where` fits every row. */
export interface RouteRule {
  /** Pattern of names of sources that the row may be from. */
  readonly source?: string;
  /** Pattern of tags, one of which the source must have. */
  readonly tag?: string;
  /** What else must be so of the row. */
  readonly where?: RowPredicate;
  /** Pattern of the heads: `NR-*|SR-*`. `!*` is none. */
  readonly heads: string;
}

/** What becomes of rows that rules leave nothing of. */
export interface RouteOptions {
  /** Whether rows that may train no head go on all the same. false when left out: they are counted as unlabelled. */
  readonly keepUnlabelled?: boolean;
}

const schema = z.strictObject({
  rules: z.array(
    z.strictObject({
      source: z.string().optional(),
      tag: z.string().optional(),
      where: z.unknown().optional(),
      heads: z.string(),
    }),
  ),
  keepUnlabelled: z.boolean().default(false),
});

type Written = z.output<typeof schema>['rules'][number];

/**
 * Says which heads each row may train: the first rule that fits it decides, and its labels of other heads are taken for
 * absent. A row that no rule fits keeps its labels.
 * @throws ConfigError when a rule is wrong, or names a source, tag or head that the flow does not have
 */
export function route(rules: readonly RouteRule[], options: RouteOptions = {}): MonoTypeOperatorFunction<StreamChunk> {
  const { keepUnlabelled } = parseConfig(schema, { rules, ...options }, 'route');
  return onFlow('route', (flow, emit) => {
    const issues = ruleIssues(rules, flow);
    if (issues.length > 0) throw new ConfigError(issues);
    const heads = new Map<string, Uint8Array>();
    const ruleOf = rules.map(({ source, tag, where }) => ({
      where,
      /** For each origin, whether it fits. */
      fits: flow.origins.map(
        (origin) =>
          (source === undefined || matchNames(source, [origin.source]).length > 0) &&
          (tag === undefined || matchNames(tag, origin.tags).length > 0),
      ),
    }));
    /** For no rule, and for each: whether a head may be trained by it. */
    const allowing = (head: string): Uint8Array => {
      const allowed =
        heads.get(head) ?? Uint8Array.from([1, ...rules.map((rule) => matchNames(rule.heads, [head]).length)]);
      heads.set(head, allowed);
      return allowed;
    };
    const routed = (item: StreamChunk): StreamChunk => {
      const { rows, origins } = item;
      /** The rule of each row, from 1 on; 0 when there is none. */
      const decided = new Int32Array(rows);
      for (let row = 0; row < rows; row++) {
        const origin = origins?.[row] ?? 0;
        decided[row] = 1 + ruleOf.findIndex(({ fits, where }) => fits[origin] && (where?.(item, row) ?? true));
      }
      const labels: Record<string, LabelColumn> = {};
      for (const [head, column] of Object.entries(item.labels)) {
        const allowed = allowing(head);
        const present = column.present.map((mark, row) => mark & (allowed[decided[row] as number] as number));
        labels[head] = { ...column, present };
      }
      return { ...item, labels };
    };
    return {
      next(item) {
        if (item.rows === 0) {
          emit(item);
          return;
        }
        const routedItem = routed(item);
        const marks = new Uint8Array(item.rows);
        if (!keepUnlabelled) markLabelled(marks, routedItem.labels, Object.keys(routedItem.labels));
        emit(keepUnlabelled ? routedItem : keepRows(routedItem, (row) => marks[row] === 1, 'unlabelled'));
      },
    };
  });
}

/**
 * What is wrong with rules: sources, tags and heads that there are none of, and will be none of.
 * @param where the place of the rules
 */
export function ruleIssues(
  rules: readonly Pick<Written, 'source' | 'tag' | 'heads'>[],
  { origins, heads, mayHaveNewHeads }: Pick<Flow, 'origins' | 'heads' | 'mayHaveNewHeads'>,
  where = 'route',
): readonly Issue[] {
  const sources = origins.map(({ source }) => source);
  const tags = [...new Set(origins.flatMap((origin) => origin.tags))];
  return rules.flatMap((rule, at) => {
    const missing = (field: 'source' | 'tag' | 'heads', names: readonly string[], what: string) => {
      const pattern = rule[field];
      const isSaid = pattern !== undefined && pattern !== '!*';
      return isSaid ? unmatchedIn(`${where}[${at}].${field}`, pattern, what, names) : [];
    };
    return [
      ...missing('source', sources, 'source'),
      // Tags come and go with the sources that have them: one of those that are named is enough.
      ...(rule.tag !== undefined && matchNames(rule.tag, tags).length > 0 ? [] : missing('tag', tags, 'tag')),
      ...(mayHaveNewHeads ? [] : missing('heads', heads, 'head')),
    ];
  });
}
