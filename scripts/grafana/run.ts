// Writes the dashboards, the alert rules and docs/ALERTS.md, from the table of metrics: `npm run grafana`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { files } from './files.ts';

const folder = new URL('../../', import.meta.url);
for (const [path, text] of files) {
  const url = new URL(path, folder);
  mkdirSync(new URL('.', url), { recursive: true });
  writeFileSync(url, text);
}
