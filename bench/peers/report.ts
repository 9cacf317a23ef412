import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { formatBytes } from '../../src/core/format.ts';
import { setting, table, writeSection } from '../measure/results.ts';
import type { Found } from './steps.ts';
import { works } from './work.ts';

/** What was measured of one work. */
export interface Column {
  /** Machine, versions, threads and rounds. */
  readonly setting: string;
  /** Load average of the machine at the beginning. */
  readonly load: number;
  readonly found: readonly Found[];
}

/** What was measured last, by the work and its rows: `dense-128`, `start`. It is what bench/results.json holds. */
export type Results = Record<string, Column>;

const file = new URL('../results.json', import.meta.url);
const limit = 'products and memory alone';
/** What losses may differ by: rounding goes its own way in each framework. */
const tolerance = 0.01;

export const readResults = (): Results => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});

export function keepResults(results: Results): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}

export const machine = (threads: number, rounds: number): string =>
  `${setting()}; ${threads} threads, ${rounds} rounds`;

const number = (value: number): string => Number(value.toPrecision(3)).toString();
const seconds = (ms: number): string => number(ms / 1000);
const range = ([median, low, high]: readonly [number, number, number], shown = number): string =>
  `${shown(median)} (${shown(low)}–${shown(high)})`;

const named = ({ found }: Column, contender: string): Found | undefined =>
  found.find((one) => one.contender === contender);

const otherLoss = (column: Column): readonly Found[] => {
  const ours = named(column, 'Trunkline')?.loss;
  return column.found.filter(({ loss }) => ours && loss && Math.abs(loss / ours - 1) > tolerance);
};

/** Losses that are further than rounding from ours, and nobody has said why. */
export const differing = (key: string, column: Column): readonly string[] =>
  otherLoss(column).flatMap(({ contender, loss, differs }) => (differs ? [] : [`${loss} of ${contender} on ${key}`]));

/** A cell of the table of works, from what was found and from what the limit is there. */
const cells = {
  step: ({ contender, stepMs }: Found, least?: number): string | undefined => {
    const share = stepMs && least && contender !== limit ? `, ${Math.round((least / stepMs[0]) * 100)} %` : '';
    return stepMs && `${range(stepMs)}${share}`;
  },
  loss: ({ loss }: Found) => loss?.toPrecision(5),
  first: ({ firstMs }: Found) => (firstMs === undefined ? undefined : seconds(firstMs)),
} satisfies Record<string, (found: Found, least?: number) => string | undefined>;

/** One line for each contender, one column for each work. */
function tableOfWorks(
  results: Results,
  keys: readonly string[],
  cell: (found: Found, least?: number) => string | undefined,
) {
  const columns = keys.map((key) => results[key] as Column);
  const contenders = new Set(
    columns.flatMap(({ found }) => found.filter(({ stepMs }) => stepMs).map((one) => one.contender)),
  );
  const lines = [...contenders].map((contender) => [
    contender,
    ...columns.map((column) => {
      const found = named(column, contender);
      return (found && cell(found, named(column, limit)?.stepMs?.[0])) ?? '–';
    }),
  ]);
  const head = keys.map((key) => key.replace(/-(\d+)$/, ', $1 rows'));
  return table(
    ['', ...head],
    lines.filter((line) => line.slice(1).some((text) => text !== '–')),
  );
}

/** Tables of what is not measured in steps: its columns, and a line for each contender. */
const wholes = {
  start: {
    intro: 'Seconds from the start of a process to its first completed step, of dense with 128 rows:',
    head: ['seconds'],
    line: ({ wholeMs }: Found) => [wholeMs ? range(wholeMs, seconds) : '–'],
  },
  pipeline: {
    intro:
      'One epoch of kinase1000 from its Parquet file to a trained model (2048-1024-512, 66 heads, dropout, AdamW, batch 256), the\nwhole process; mean loss over the epoch:',
    head: ['seconds', 'processor, s', 'peak memory', 'loss'],
    line: ({ wholeMs, cpuMs, peakBytes, loss }: Found) => [
      wholeMs ? range(wholeMs, seconds) : '–',
      cpuMs ? seconds(cpuMs) : '–',
      peakBytes ? formatBytes(peakBytes) : '–',
      loss?.toPrecision(4) ?? '–',
    ],
  },
  soak: {
    intro: 'After the first 1,000 steps, and after as many as the time was enough for (100,000 at most):',
    head: ['ms a step', 'resident', 'steps', 'ms a step then', 'resident then'],
    line: ({ soaked: [first, last] = [] }: Found) =>
      first && last
        ? [
            number(first.stepMs),
            formatBytes(first.residentBytes),
            `${last.steps}`,
            number(last.stepMs),
            formatBytes(last.residentBytes),
          ]
        : [],
  },
} satisfies Record<string, { intro: string; head: string[]; line: (found: Found) => string[] }>;

function tableOfWhole(results: Results, key: keyof typeof wholes): readonly string[] {
  const { intro, head, line } = wholes[key];
  const found = results[key]?.found.filter(({ absent }) => !absent) ?? [];
  return found.length === 0
    ? []
    : [
        '',
        intro,
        '',
        table(
          ['', ...head],
          found.map((one) => [one.contender, ...line(one)]),
        ),
      ];
}

/** Writes the section of bench/RESULTS.md from everything that was measured last. */
export function writeReport(results: Results): string {
  const steps = works
    .flatMap(({ id, batches }) => Object.keys(batches).map((rows) => `${id}-${rows}`))
    .filter((key) => results[key]);
  const told = [...steps, ...Object.keys(wholes)]
    .filter((key) => results[key])
    .map((key) => [key, results[key] as Column] as const);
  const settings = [...new Set(told.map(([, column]) => column.setting))];
  const absent = told.flatMap(([key, { found }]) =>
    found.flatMap((one) => (one.absent ? [`${one.contender} on ${key} (${one.absent})`] : [])),
  );
  const explained = told.flatMap(([key, column]) =>
    otherLoss(column).flatMap(({ contender, differs }) => (differs ? [`${contender} on ${key} (${differs})`] : [])),
  );
  const faulty = told.flatMap(([key, column]) => differing(key, column));
  const ofWorks = (cell: (found: Found, least?: number) => string | undefined) => tableOfWorks(results, steps, cell);
  const body = [
    'Milliseconds a step: median (tenth to ninetieth percentile of the turns), and what share of it the limit is: the',
    'matrix products and the memory traffic of the optimizer alone, in ONNX Runtime. Everybody has the same initial',
    `parameters, batches and processors, and takes turns with the others. ${settings.join('. ')}; load average at the`,
    `beginning of each ${told.map(([, { load }]) => load.toFixed(1)).join(', ')}.`,
    '',
    ...works
      .filter(({ id }) => told.some(([key]) => key.split('-')[0] === id))
      .map(({ id, summary }) => `- ${id}: ${summary}`),
    ...(steps.length === 0 ? [] : ['', ofWorks(cells.step)]),
    ...(steps.length === 0
      ? []
      : [
          '',
          `Loss of the 50th step, without dropout, which is to be the same within ${tolerance * 100} %:`,
          '',
          ofWorks(cells.loss),
        ]),
    ...(explained.length > 0 ? ['', `Another loss, with a reason: ${explained.join('; ')}.`] : []),
    ...(faulty.length > 0 ? ['', `Another loss without a reason: ${faulty.join('; ')}.`] : []),
    ...(steps.length === 0
      ? []
      : [
          '',
          'Seconds to build the model, compile it and take the first step, imports not counted:',
          '',
          ofWorks(cells.first),
        ]),
    ...(['start', 'pipeline', 'soak'] as const).flatMap((key) => tableOfWhole(results, key)),
    ...(absent.length > 0 ? ['', `Absent: ${absent.join('; ')}.`] : []),
  ].join('\n');
  writeSection('Side by side', body);
  return body;
}
