import { stringify } from 'yaml';
import { alerts } from './alerts.ts';

/** The rules as Prometheus reads them. */
export function rulesFile(): string {
  const rules = alerts.map(({ name, severity, when, lasting, summary, description }) => ({
    alert: name,
    expr: when.text,
    ...(lasting === '0m' ? {} : { for: lasting }),
    labels: { severity },
    annotations: { summary, description },
  }));
  const text = stringify({ groups: [{ name: 'trunkline', rules }] }, { lineWidth: 0 });
  return `# Made from the table of metrics: npm run grafana.\n${text}`;
}

/** What each alert means, and what to do, as Markdown. */
export function alertsPage(): string {
  const rows = alerts.map(({ name, severity, when, lasting, description }) => [
    `### ${name}${severity === 'warning' ? '' : ` (${severity})`}`,
    '',
    description,
    '',
    `\`\`\`promql\n${when.text}\n\`\`\``,
    '',
    lasting === '0m' ? 'At once.' : `When it is so for ${lasting}.`,
    '',
  ]);
  return `${[
    '# Alerts',
    '',
    'What [grafana/alerts/trunkline.yaml](../grafana/alerts/trunkline.yaml) tells people of, from what is worst, and what to do',
    'then. Made from the table of metrics: `npm run grafana`. Somebody should look at a warning during the day, and at what is',
    'critical now.',
    '',
    ...rows.flat(),
  ]
    .join('\n')
    .trimEnd()}\n`;
}
