import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { complaintsOf } from '../../typed.ts';

const folder = new URL('../../../grafana/dashboards/', import.meta.url);

/** Dashboards of JSON: where the schema has an enum, its text. Kinds of panels are those that ours are. */
const types = `
import type { AnnotationQuery, Dashboard, DataQuery, Panel, RowPanel } from '@grafana/schema';
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Plain<T> = T extends string ? \`\${T}\` : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;
type Query = DataQuery & {
  expr: string; legendFormat: string; instant: boolean; range: boolean;
  format: 'time_series' | 'table'; editorMode: 'code';
};
type Of<Type extends string, Options, Config> =
  Omit<Panel<Options, Config>, 'type' | 'options' | 'targets' | 'fieldConfig'> & {
    type: Type; options: Options; targets: Query[];
    fieldConfig: { defaults: Omit<NonNullable<Panel['fieldConfig']>['defaults'], 'custom'> & { custom?: Partial<Config> };
                   overrides: NonNullable<Panel['fieldConfig']>['overrides'] };
  };
type Ours =
  | Of<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Of<'stat', stat.Options, {}>
  | Of<'bargauge', bargauge.Options, {}>
  | Of<'table', table.Options, table.FieldConfig>
  | (Omit<RowPanel, 'type'> & { type: 'row' });
type Asked = AnnotationQuery & { expr: string; useValueForTime: boolean; titleFormat: string };
type Board = Plain<
  Omit<Dashboard, 'panels' | 'annotations'> & { panels: Ours[]; annotations: { list: Asked[] } }
>;
`;

const texts = new Map(
  readdirSync(folder).map((file) => [file.replace('.json', ''), readFileSync(new URL(file, folder), 'utf8')]),
);
const heads = texts.get('trunkline-heads') as string;

/** One that is misspelt, of another type, or no choice there is. */
const spoilt = new Map([
  ['choice', heads.replace('"cellHeight": "sm"', '"cellHeight": "tiny"')],
  ['field', heads.replace('"legendFormat"', '"legend"')],
  ['custom', heads.replace('"lineWidth"', '"lineWideness"')],
  ['kind', heads.replace('"type": "stat"', '"type": "stats"')],
  ['type', heads.replace('"schemaVersion": 42', '"schemaVersion": "42"')],
]);

const literals = (...maps: readonly ReadonlyMap<string, string>[]) =>
  new Map(maps.flatMap((map) => [...map].map(([name, text]) => [name, { type: 'Board', text }] as const)));

test('every dashboard is one of the version of Grafana that the schema is of', { timeout: 60_000 }, () => {
  expect(texts.size).toBe(4);
  const found = complaintsOf(types, literals(texts, spoilt));
  expect(found.filter(({ name }) => !spoilt.has(name))).toEqual([]);
  expect(new Set(found.map(({ name }) => name))).toEqual(new Set(spoilt.keys()));
});
