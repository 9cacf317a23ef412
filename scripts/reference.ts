// Writes docs/REFERENCE.md from the schema of pipelines, and docs/METRICS.md from the table of metrics: `npm run reference`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { referencePage } from '../src/pipeline/schema/reference.ts';
import { metricsPage } from '../src/report/telemetry/page.ts';

const folder = new URL('../docs/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('REFERENCE.md', folder), referencePage());
writeFileSync(new URL('METRICS.md', folder), metricsPage());
