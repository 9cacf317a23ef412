import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

const folder = new URL('../../grafana/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8');

/** A dashboard as its file has it, as far as others than Grafana read it. */
export interface DashboardFile {
  readonly title: string;
  readonly annotations: { readonly list: readonly { readonly expr: string; readonly titleFormat: string }[] };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
  readonly panels: readonly {
    readonly title: string;
    readonly description?: string;
    readonly type: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
    readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  }[];
}

interface RulesFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: { summary: string };
    }[];
  }[];
}

/** Something that Prometheus is asked. */
export interface Asked {
  /** By whom: a panel, a line, a choice or an alert. */
  readonly where: string;
  /** With the variables of Grafana. */
  readonly expression: string;
  /** What the answers are called: text, and `{{label}}`. */
  readonly legend: string;
}

/** Those that are in grafana/. */
export const dashboardFiles = (): readonly DashboardFile[] =>
  readdirSync(new URL('dashboards/', folder)).map((file) => JSON.parse(read(`dashboards/${file}`)) as DashboardFile);

/** What dashboards ask: their panels, the lines across them, and the choices above them. */
export const askedByDashboards = (): readonly Asked[] =>
  dashboardFiles().flatMap(({ title: board, panels, annotations, templating }): readonly Asked[] => [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr, legendFormat }) => ({
        where: `${board} / ${title}`,
        expression: expr,
        legend: legendFormat,
      })),
    ),
    ...annotations.list.map(({ expr, titleFormat }) => ({
      where: `${board}, lines`,
      expression: expr,
      legend: titleFormat,
    })),
    ...templating.list.flatMap(({ name, query }) => {
      if (typeof query === 'string') return [];
      const [, expression = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query.query) ?? [];
      return [{ where: `${board}, choice of ${name}`, expression, legend: `{{${label}}}` }];
    }),
  ]);

/** What alerts ask. */
export const askedByAlerts = (): readonly Asked[] =>
  (parse(read('alerts/trunkline.yaml')) as RulesFile).groups.flatMap(({ rules }) =>
    rules.map(({ alert, expr, annotations }) => ({
      where: alert,
      expression: expr,
      legend: annotations.summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '{{$1}}'),
    })),
  );
