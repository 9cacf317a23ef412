// Writes docs/REFERENCE.md from the schema of pipelines: `npm run reference`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { referencePage } from '../src/pipeline/schema/reference.ts';

const file = new URL('../docs/REFERENCE.md', import.meta.url);
mkdirSync(new URL('.', file), { recursive: true });
writeFileSync(file, referencePage());
