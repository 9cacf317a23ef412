import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat, QueryEditorMode } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as ChartBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Expression } from './expression.ts';
import type { Limit } from './limit.ts';

/** Chosen above the dashboard. */
export const datasource: common.DataSourceRef = { type: 'prometheus', uid: '${datasource}' };

/** Something on a dashboard. */
export type Panel = Builder<dashboard.Panel>;

export interface Series {
  readonly of: Expression;
  /** What it is called: text, and `{{label}}` for what tells its series apart. */
  readonly legend: string;
}

export interface PanelOptions {
  readonly title: string;
  /** The help of the first metric, when left out. */
  readonly description?: string;
  readonly series: readonly Series[];
  readonly limit?: Limit;
  /** Columns of 24. */
  readonly width?: number;
  /** What is shown where there is nothing. */
  readonly none?: string;
  readonly mappings?: readonly dashboard.ValueMapping[];
}

interface ChartOptions extends PanelOptions {
  /** Series are parts of a whole. */
  readonly stacked?: true;
  readonly max?: number;
  /** The axis begins with the lowest value, not with 0. */
  readonly floating?: true;
  /** Orders of magnitude are as far apart. */
  readonly log?: true;
}

/** Values over time: highest last value first, in the legend and under the pointer. */
export function chart({ stacked, max, floating, log, ...options }: ChartOptions): Panel {
  const { series, limit, width = 12 } = options;
  const legend = new common.VizLegendOptionsBuilder()
    .placement(common.LegendPlacement.Bottom)
    .displayMode(common.LegendDisplayMode.Table)
    .showLegend(true)
    .calcs(['lastNotNull', 'max'])
    .sortBy('Last *')
    .sortDesc(true);
  const built = described(new ChartBuilder(), options)
    .height(8)
    .span(width)
    .legend(legend)
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    )
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassicByName))
    .lineWidth(1)
    .fillOpacity(stacked ? 30 : 0)
    .showPoints(common.VisibilityMode.Never)
    // A process that is away leaves a gap.
    .spanNulls(false)
    .targets(series.map((one, at) => query(one, refIds[at] as string).range()));
  if (!floating && !log) built.min(0);
  if (max !== undefined) built.max(max);
  if (stacked) built.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));
  if (log)
    built.scaleDistribution(new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10));
  if (limit)
    built.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
  return built;
}

/** Values as of now, coloured by how bad they are. */
export function stat(options: PanelOptions & { readonly textMode?: common.BigValueTextMode }): Panel {
  const { series, limit, width = 4, mappings, textMode = common.BigValueTextMode.Auto } = options;
  const isJudged = limit !== undefined || mappings !== undefined;
  return described(new StatBuilder(), options)
    .height(4)
    .span(width)
    .reduceOptions(last())
    .colorMode(isJudged ? common.BigValueColorMode.BackgroundSolid : common.BigValueColorMode.None)
    .graphMode(common.BigValueGraphMode.None)
    .textMode(textMode)
    .targets(series.map((one, at) => query(one, refIds[at] as string).instant()));
}

/** Values as of now beside each other, in the order in which they are answered. */
export function bars(options: PanelOptions): Panel {
  const { series, width = 12 } = options;
  return described(new BarsBuilder(), options)
    .height(8)
    .span(width)
    .reduceOptions(last())
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .min(0)
    .targets(series.map((one, at) => query(one, refIds[at] as string).instant()));
}

export const refIds = [...'ABCDEFGHIJKL'];

/** What is asked for one series or several of a panel. */
export function query({ of, legend }: Series, refId: string): DataqueryBuilder {
  const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label as string);
  const unknown = named.find((label) => !of.labels.includes(label));
  if (unknown !== undefined) throw new Error(`${of.text} has no label ${unknown} for its legend`);
  return new DataqueryBuilder()
    .datasource(datasource)
    .editorMode(QueryEditorMode.Code)
    .format(PromQueryFormat.TimeSeries)
    .expr(of.text)
    .legendFormat(legend)
    .refId(refId);
}

/** Green until somebody should look. */
export function thresholds(limit: Limit | undefined): dashboard.ThresholdsConfigBuilder {
  const { warning, critical, below } = limit ?? {};
  const good = 'green';
  const steps: dashboard.Threshold[] = below
    ? [{ color: 'red', value: null }, ...step('orange', critical), ...step(good, warning)]
    : [{ color: good, value: null }, ...step('orange', warning), ...step('red', critical)];
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(steps);
}

const step = (color: string, value: number | undefined): dashboard.Threshold[] =>
  value === undefined ? [] : [{ color, value }];

const last = () => new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false);

type Described = Panel & {
  title(title: string): unknown;
  description(description: string): unknown;
  datasource(of: common.DataSourceRef): unknown;
  unit(unit: string): unknown;
  thresholds(of: dashboard.ThresholdsConfigBuilder): unknown;
  mappings(of: dashboard.ValueMapping[]): unknown;
  noValue(text: string): unknown;
  targets(of: Builder<Dataquery>[]): unknown;
};

/** What every panel has; its unit is that of what it shows. */
export function described<Kind extends Described>(built: Kind, options: PanelOptions): Kind {
  const { title, series, limit, none, mappings } = options;
  const [first] = series;
  if (!first) throw new Error(`${title} shows nothing`);
  const other = series.find(({ of }) => of.unit !== first.of.unit);
  if (other) throw new Error(`${title} shows ${first.of.unit} and ${other.of.unit}`);
  built.title(title);
  built.description(options.description ?? first.of.help);
  built.datasource(datasource);
  built.unit(first.of.unit);
  built.thresholds(thresholds(limit));
  if (none !== undefined) built.noValue(none);
  if (mappings) built.mappings([...mappings]);
  return built;
}
