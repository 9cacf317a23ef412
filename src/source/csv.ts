import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { SourceContext } from './context.ts';
import { csvFields } from './csv/fields.ts';
import { csvSource } from './csv/source.ts';
import type { TableSource } from './source.ts';

/** Rows of comma-separated files (RFC 4180), also packed by gzip. A line that does not fit is rejected alone. */
export const csv = plugin({
  type: 'csv',
  summary: 'Rows of comma-separated files, also packed by gzip.',
  fields: z.object({
    ...csvFields,
    delimiter: z
      .string()
      .regex(/^[\t -!#-~]$/)
      .default(',')
      .describe('The character between fields.'),
  }),
  main: 'path',
  example: { path: 'data/assay.csv.gz', nullText: ['', 'NA'], derive: { logDose: 'ln(dose)' } },
  build: (config, context: SourceContext): TableSource => csvSource(config, context),
});
