import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { SourceContext } from './context.ts';
import { csvFields } from './csv/fields.ts';
import { csvSource } from './csv/source.ts';
import type { TableSource } from './source.ts';

/** Rows of tab-separated files, as `csv`. */
export const tsv = plugin({
  type: 'tsv',
  summary: 'Rows of tab-separated files, also packed by gzip.',
  fields: z.object(csvFields),
  main: 'path',
  example: { path: 'data/assay.tsv', nullText: ['', 'NA'] },
  build: (config, context: SourceContext): TableSource => csvSource({ ...config, delimiter: '\t' }, context),
});
