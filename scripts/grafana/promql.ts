import { parser } from '@prometheus-io/lezer-promql';

/** Series that an expression asks for. */
export interface Selector {
  /** As it stands there, without a range. */
  readonly text: string;
  readonly name: string;
  /** Labels that it chooses by. */
  readonly labels: readonly string[];
}

/** What an expression names. */
export interface Named {
  readonly selectors: readonly Selector[];
  /** Labels that series are put together or compared by. */
  readonly groupings: readonly string[];
}

/**
 * What an expression names, by Prometheus' own grammar.
 * @throws Error where the expression is none
 */
export function namesOf(expression: string): Named {
  const selectors: Selector[] = [];
  const groupings: string[] = [];
  const tree = parser.parse(expression);
  const textOf = ({ from, to }: { readonly from: number; readonly to: number }): string => expression.slice(from, to);
  tree.iterate({
    enter({ node, type }) {
      if (type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
      if (type.name === 'GroupingLabels') groupings.push(...node.getChildren('LabelName').map(textOf));
      if (type.name !== 'VectorSelector') return;
      const name = node.getChild('Identifier');
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      selectors.push({
        text: textOf(node),
        name: name ? textOf(name) : '',
        labels: matchers.flatMap((matcher) => matcher.getChildren('LabelName').map(textOf)),
      });
    },
  });
  return { selectors, groupings };
}

/** An expression of a dashboard as Prometheus takes it, the variables of Grafana filled in. */
export function filled(expression: string, values: Readonly<Record<string, string>>): string {
  return expression.replace(/\$(\w+)/g, (variable, name: string) => values[name] ?? variable);
}
