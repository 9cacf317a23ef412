import * as common from '@grafana/grafana-foundation-sdk/common';
import { ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { Expression } from './expression.ts';
import type { Limit } from './limit.ts';
import { datasource, type Panel, query, refIds, thresholds } from './panel.ts';

interface Column {
  readonly title: string;
  readonly of: Expression;
  readonly limit?: Limit;
}

interface GridOptions {
  readonly title: string;
  readonly description: string;
  /** The label that each row is of. */
  readonly by: string;
  readonly columns: readonly Column[];
  /** The column with the highest value first. */
  readonly sortedBy: string;
}

/** A row for each value of a label, a column for each expression. */
export function grid({ title, description, by, columns, sortedBy }: GridOptions): Panel {
  const heading = by.charAt(0).toUpperCase() + by.slice(1);
  const built = new PanelBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .height(14)
    .span(24)
    .thresholds(thresholds(undefined))
    .filterable(true)
    .cellHeight(common.TableCellHeight.Sm)
    .sortBy([new common.TableSortByFieldStateBuilder().displayName(sortedBy).desc(true)])
    .targets(
      columns.map(({ of }, at) =>
        query({ of, legend: `{{${by}}}` }, refIds[at] as string)
          .instant()
          .format(PromQueryFormat.Table),
      ),
    )
    .transformations([
      { id: 'joinByField', options: { byField: by, mode: 'outer' } },
      // Each answer brings its time along.
      { id: 'filterFieldsByName', options: { include: { pattern: `^(${by}|Value.*)$` } } },
      {
        id: 'organize',
        options: {
          excludeByName: {},
          indexByName: {},
          renameByName: {
            [by]: heading,
            ...Object.fromEntries(columns.map((column, at) => [`Value #${refIds[at]}`, column.title])),
          },
        },
      },
    ]);
  for (const { title: name, of, limit } of columns)
    built.overrideByName(name, [
      { id: 'unit', value: of.unit },
      ...(limit
        ? [
            { id: 'thresholds', value: { mode: ThresholdsMode.Absolute, steps: thresholds(limit).build().steps } },
            { id: 'custom.cellOptions', value: { type: common.TableCellDisplayMode.ColorText } },
          ]
        : []),
    ]);
  return built;
}
