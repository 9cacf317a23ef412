import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { Scope } from './expression.ts';
import { datasource, type Panel } from './panel.ts';

/** A dashboard, as its file describes it. */
export interface Board {
  readonly title: string;
  /** The question that it answers. */
  readonly description: string;
  /** Whether one pipeline is looked at, or as many as are chosen. */
  readonly shows: 'one pipeline' | 'pipelines';
  /** What else is chosen above it. */
  readonly choices?: readonly Choice[];
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

/** One value of a label, or several, of the series of a metric. */
export interface Choice {
  readonly label: string;
  readonly title: string;
  readonly of: string;
}

/** What dashboards ask: of the pipelines that are chosen, at rates that suit the time they show. */
export const chosen = new Scope({ pipeline: '~$pipeline' }, '$__rate_interval');

/** The dashboard as Grafana reads it. */
export function build({ title, description, shows, choices = [], rows }: Board): Dashboard {
  const several = shows === 'pipelines';
  const built = new DashboardBuilder(`Trunkline / ${title}`)
    .uid(uidOf(title))
    .description(description)
    .tags(['trunkline'])
    .readonly()
    .timezone('browser')
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Trunkline')
        .type(DashboardLinkType.Dashboards)
        .tags(['trunkline'])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
    )
    .annotation(restarts())
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(
      choice('pipeline', several ? 'Pipelines' : 'Pipeline', 'trunkline_build_info')
        .multi(several)
        .includeAll(several)
        // Text may follow: names that were chosen are joined to one expression.
        .allowCustomValue(false),
    );
  for (const { label, title: named, of } of choices)
    built.withVariable(choice(label, named, `${of}{pipeline=~"$pipeline"}`).multi(false));
  for (const row of rows) {
    built.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) built.withPanel(panel);
  }
  const dashboard = built.build();
  for (const [at, panel] of (dashboard.panels ?? []).entries()) panel.id = at + 1;
  return withoutDefaults(dashboard);
}

/** Without what the builders add that is not in Grafana's own schema, or hides links in a menu. */
function withoutDefaults(dashboard: Dashboard): Dashboard {
  const links = dashboard.links?.map(({ placement: _, ...link }) => link) ?? [];
  const variables = dashboard.templating.list?.map(({ auto: _, auto_min: __, auto_count: ___, ...rest }) => rest) ?? [];
  const panels = dashboard.panels?.map((panel) => {
    const { footer: _, ...options } = ('options' in panel && panel.options) || {};
    return 'options' in panel ? { ...panel, options } : panel;
  });
  return { ...dashboard, links, templating: { list: variables }, ...(panels && { panels }) };
}

export const uidOf = (title: string): string => `trunkline-${title.toLowerCase()}`;

const choice = (label: string, title: string, of: string): QueryVariableBuilder =>
  new QueryVariableBuilder(label)
    .label(title)
    .datasource(datasource)
    .query({ query: `label_values(${of}, ${label})`, refId: label })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);

/** A line where a process began: what changed there may be why. */
const restarts = (): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name('Starts of processes')
    .datasource(datasource)
    .enable(true)
    .iconColor('blue')
    .expr(`1000 * ${chosen.value('process_start_time_seconds').text}`)
    .useValueForTime(true)
    .titleFormat('{{pipeline}} started');
