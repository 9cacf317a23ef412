import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { alerts } from '../../../scripts/grafana/alert/alerts.ts';
import { files } from '../../../scripts/grafana/files.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

test.each([...files])('%s is current: npm run grafana', (path, text) => {
  expect(read(path)).toBe(text);
});

test('there are no dashboards and rules besides', () => {
  const there = ['dashboards', 'alerts'].flatMap((folder) =>
    readdirSync(new URL(`grafana/${folder}/`, root)).map((file) => `grafana/${folder}/${file}`),
  );
  expect(there.filter((path) => !files.has(path))).toEqual(['grafana/alerts/trunkline.test.yaml']);
});

test('every alert has a test in which it fires, and one in which it does not', () => {
  const text = read('grafana/alerts/trunkline.test.yaml');
  const { tests } = parse(text, { merge: true }) as {
    tests: readonly {
      alert_rule_test?: readonly { alertname: string; exp_alerts: readonly { exp_labels: { severity: string } }[] }[];
      promql_expr_test?: readonly { exp_samples: readonly { labels: string }[] }[];
    }[];
  };
  const quiet = new Set(tests[0]?.alert_rule_test?.map(({ alertname }) => alertname));
  const fired = new Set(
    tests.flatMap(({ alert_rule_test = [], promql_expr_test = [] }) => [
      ...alert_rule_test.flatMap(({ alertname, exp_alerts }) =>
        exp_alerts.map(({ exp_labels }) => `${alertname} ${exp_labels.severity}`),
      ),
      ...promql_expr_test.flatMap(({ exp_samples }) =>
        exp_samples.map(({ labels }) => {
          const value = (label: string): string | undefined => new RegExp(`${label}="(\\w+)"`).exec(labels)?.[1];
          return `${value('alertname')} ${value('severity')}`;
        }),
      ),
    ]),
  );
  expect(quiet).toEqual(new Set(alerts.map(({ name }) => name)));
  expect(fired).toEqual(new Set(alerts.map(({ name, severity }) => `${name} ${severity}`)));
});
