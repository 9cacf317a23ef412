import { alertsPage, rulesFile } from './alert/rules.ts';
import { build, uidOf } from './board.ts';
import { boards } from './dashboard/index.ts';

/** What is made from the table of metrics, by its path. */
export const files: ReadonlyMap<string, string> = new Map([
  ...boards.map((board): [string, string] => [
    `grafana/dashboards/${uidOf(board.title)}.json`,
    `${JSON.stringify(build(board), null, 2)}\n`,
  ]),
  ['grafana/alerts/trunkline.yaml', rulesFile()],
  ['docs/ALERTS.md', alertsPage()],
]);
