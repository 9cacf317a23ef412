import { metricTable, processMetrics } from './table/index.ts';

/** The page of every metric, as Markdown. */
export function metricsPage(): string {
  const rows = metricTable.map(({ name, type, labels, unit, help, when }) => {
    const shown = labels.map((label) => `\`${label}\``).join(', ');
    const means = `${help}${when === undefined ? '' : ` _${sentence(when)}_`}`.replaceAll('|', '\\|');
    return `| \`${name}\` | ${type} | ${shown} | ${unit === 'none' ? '' : unit} | ${means} |`;
  });
  const others = Object.entries(processMetrics).map(([name, help]) => `| \`${name}\` | ${help} |`);
  return `${[
    '# Metrics',
    '',
    'What a pipeline tells Prometheus at `/metrics`, where `metrics: { port }` says so. Made from the table that the code',
    'reads them from: `npm run reference`. Every series has the label `pipeline` besides those below.',
    '',
    'At most 200 heads have series of their own: those that became known first, and for as long as the process lives. The',
    'others are together in `head="__other__"`: counters as sums, staleness as the highest, all else as means. The counts of',
    '`trunkline_samples_…` are those of the run: they go back with the checkpoint that a run goes on from. Rates and mean losses',
    'are those of the last whole interval of 10 s, so that they are the same for everybody who scrapes.',
    '',
    '| metric | type | labels | unit | what it is |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'And the usual ones of a process of Node, among them:',
    '',
    '| metric | what it is |',
    '| --- | --- |',
    ...others,
  ].join('\n')}\n`;
}

const sentence = (when: string): string => `Only ${when}.`;
