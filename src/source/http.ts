import { join } from 'node:path';
import { z } from 'zod';
import { placeOf } from '../core/config.ts';
import { ConfigError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import type { SourceContext } from './context.ts';
import { Intake } from './http/intake.ts';
import { LeasedLog } from './http/lease.ts';
import { AcceptedLog } from './http/log.ts';
import { readLog, rowOf } from './http/reading.ts';
import { intakeRoute } from './http/route.ts';
import type { TableColumn, TableReading, TableSource } from './source.ts';

const kind = z.enum(['number', 'text', 'numbers', 'texts', 'mixed']);
const bound = z.int().positive();
const day = 24 * 60 * 60 * 1000;

const limits = z
  .strictObject({
    bodyBytes: bound.default(8 * 2 ** 20).describe('Bytes of a request, unpacked.'),
    records: bound.default(10_000).describe('Records of a request.'),
    backlogRows: bound.default(100_000).describe('Records that were accepted and not read by training.'),
    backlogBytes: bound.default(256 * 2 ** 20).describe('Their bytes.'),
    logBytes: bound.default(4 * 2 ** 30).describe('Bytes of the log: of what checkpoints do not cover yet.'),
  })
  .check(({ value, issues }) => {
    if (value.backlogRows < value.records)
      issues.push({
        code: 'custom',
        input: value.backlogRows,
        path: ['backlogRows'],
        message: `at least the records of one request, ${value.records}`,
      });
  })
  .prefault({})
  .describe('What is taken at a time. Beyond it the answer is 413, 429 or 503, with the time to ask again.');

const idempotency = z
  .strictObject({
    retentionMs: bound.default(day).describe('For how long what was accepted is remembered.'),
    maxKeys: bound.default(1_000_000).describe('How many ids and keys are remembered: the newest.'),
  })
  .prefault({})
  .describe('What is sent twice is accepted once: by the ids of samples, and by the header Idempotency-Key.');

/** Rows that are handed on together at most: what is made of them at once keeps requests and probes waiting. */
const most = { rows: 1024, sizeBytes: 2 ** 20 };
const paths = { samples: '/v1/samples', labels: '/v1/labels' };

/** Records that are sent to us: kept in a log before they are said to be accepted, and read from there. */
export const http = plugin({
  type: 'http',
  summary: 'Records that others send by HTTP: kept on the disk before they are said to be accepted.',
  fields: z.object({
    columns: z
      .record(z.string().min(1), kind)
      .refine((columns) => Object.keys(columns).length > 0, { error: 'one column or more' })
      .describe('Every field that a record may have, and its kind: `{ x: numbers, toxic: number }`.'),
    records: z
      .enum(['samples', 'labels'])
      .default('samples')
      .describe(
        'What is sent; it names the path. Samples are accepted once by their ids; a sample may have one label after the other.',
      ),
    path: z
      .string()
      .regex(/^(\/[\w.-]+)+$/, { error: 'a path, as /v1/samples' })
      .optional()
      .describe('Where it is sent to: POST /v1/samples or /v1/labels, when left out.'),
    limits,
    idempotency,
    log: z
      .string()
      .min(1)
      .optional()
      .describe('Folder of the log; received/ and the name of the source, in the run folder, when left out.'),
  }),
  example: { columns: { id: 'text', x: 'numbers', toxic: 'number' } },
  build: (config, { name, where, runFolder }: SourceContext): TableSource => {
    const known = Object.entries(config.columns).map(
      ([column, own]): TableColumn => ({ name: column, kind: own, type: own }),
    );
    const directory = config.log ?? (runFolder === undefined ? undefined : join(runFolder, 'received', name));
    const lease = new LeasedLog(() => {
      if (directory !== undefined) return AcceptedLog.open(directory, config.idempotency);
      throw new ConfigError({
        where: placeOf(['log'], where ?? name),
        expected: 'the folder of the log, where there is no run folder',
        found: 'none',
      });
    });

    async function* read({
      columns = known.map((column) => column.name),
      ...options
    }: Parameters<TableSource['read']>[0]): AsyncGenerator<TableReading> {
      try {
        yield* readLog(await lease.acquire(), { ...options, name, columns, known, most });
      } finally {
        await lease.release();
      }
    }

    return {
      name,
      replayable: true,
      isEndless: true,
      columns: async () => known,
      read,
      covered: async (position) => {
        try {
          const log = await lease.acquire();
          await log.forget(rowOf(position, log, name));
        } finally {
          await lease.release();
        }
      },
      receive: async ({ judge, clock, events }) => {
        const { backlogRows, backlogBytes, logBytes, bodyBytes, records } = config.limits;
        try {
          const log = await lease.acquire();
          const backlog = { rows: backlogRows, sizeBytes: backlogBytes };
          const onceById = config.records === 'samples';
          const intake = new Intake({ name, columns: known, judge, onceById, log, backlog, logBytes, clock, events });
          return {
            routes: [intakeRoute(intake, { path: config.path ?? paths[config.records], bodyBytes, records })],
            close: async () => {
              await intake.close();
              await lease.release();
            },
          };
        } catch (error) {
          await lease.release();
          throw error;
        }
      },
    };
  },
});
