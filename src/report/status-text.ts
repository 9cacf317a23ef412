import { formatBytes, printable } from '../core/format.ts';
import { formatTable, type TextColumn } from '../core/text-table.ts';
import { formatCount, formatDuration, formatScore } from './format.ts';
import type { Status } from './telemetry/status-schema.ts';

export interface StatusTextOptions {
  /** In characters. */
  readonly width: number;
  /** Lines at most: those of heads are cut. All of them when left out. */
  readonly height?: number;
  /** Time of day that its times are told from, milliseconds since 1970. */
  readonly nowMs: number;
}

type HeadStatus = Status['heads'][string];

/** How a pipeline stands, for people: what it does, its flows, and its heads, those with the highest loss first. */
export function statusText(
  status: Status,
  { width, height = Number.POSITIVE_INFINITY, nowMs }: StatusTextOptions,
): string {
  const above = [...summary(status, nowMs), '', ...flows(status, width), ''];
  const heads = Object.entries(status.heads).sort(([, a], [, b]) => lossOf(b) - lossOf(a));
  // The titles of heads and the line below them; and what says how many are not shown.
  const room = Math.max(1, height - above.length - 3);
  const shown = heads.slice(0, room);
  const table = formatTable(
    headColumns(status),
    shown.map(([name, head]) => headRow(name, head, status)),
    width,
  );
  const rest = heads.length - shown.length;
  return [...above, table, ...(rest > 0 ? [`and ${formatCount(rest)} heads with lower losses`] : [])].join('\n');
}

const lossOf = ({ loss }: HeadStatus): number => loss ?? Number.NEGATIVE_INFINITY;
const lossText = (value: number | null | undefined): string => (value === null ? 'not finite' : formatScore(value));
const ago = (seconds: number): string => `${formatDuration(1000 * seconds)} ago`;

function summary(status: Status, nowMs: number): readonly string[] {
  const { name, state, reasons, step, epoch, startedAt, restarts, engine, checkpoint, deadLetters } = status;
  const { stepsPerSecond, rowsPerSecond, loss, engineBusy, version } = status;
  const since = formatDuration(Math.max(0, nowMs - Date.parse(startedAt)));
  const busy = engineBusy === undefined ? '' : `, busy ${Math.round(100 * engineBusy)} %`;
  const kept =
    checkpoint &&
    `step ${formatCount(checkpoint.step)}, ${ago(checkpoint.ageSeconds)}, ${formatBytes(checkpoint.sizeBytes)}`;
  const again = restarts === 0 ? '' : `, started again ${formatCount(restarts)} times`;
  const lines: readonly (readonly [string, string])[] = [
    ['pipeline', `${printable(name ?? 'starting')}: ${state}, up ${since}${again}, Trunkline ${version}`],
    ...reasons.map((reason) => ['not ready', printable(reason)] as const),
    ['steps', `${formatCount(step)} in epoch ${formatCount(epoch + 1)}, loss ${lossText(loss)}`],
    [
      'rate',
      stepsPerSecond === undefined
        ? '–'
        : `${stepsPerSecond.toFixed(1)} steps/s, ${formatCount(rowsPerSecond ?? 0)} rows/s`,
    ],
    ['engine', engine ? `${engine.engine} through ${engine.runner}, threads ${engine.threads}${busy}` : '–'],
    ['checkpoint', kept ?? 'none yet'],
    ...(deadLetters === 0 ? [] : [['dead letters', formatCount(deadLetters)] as const]),
  ];
  return lines.map(([title, text]) => `${title.padEnd(12)}  ${text}`);
}

const right = (title: string, least = 6): TextColumn => ({ title, least, align: 'right' });

function flows({ flows: all }: Status, width: number): readonly string[] {
  if (all.length === 0) return ['no rows yet'];
  const columns = [
    { title: 'flow', least: 12 },
    ...['received', 'trained', 'pending', 'rejected', 'queued'].map((title) => right(title)),
  ];
  const rows = all.map(({ name, received, pending, outcomes, queued }) => {
    const counts = [received, outcomes.trained ?? 0, pending, outcomes.rejected ?? 0].map(formatCount);
    return [printable(name), ...counts, formatBytes(queued.sizeBytes)];
  });
  return formatTable(columns, rows, width).split('\n');
}

/** Metrics of heads: of the first source that they are evaluated on, else those of training. */
function metricsOf({ evaluations, prequential }: HeadStatus): Readonly<Record<string, number | null | undefined>> {
  return Object.values(evaluations)[0]?.metrics ?? prequential?.metrics ?? {};
}

function metricNames({ heads }: Status): readonly string[] {
  return [...new Set(Object.values(heads).flatMap((head) => Object.keys(metricsOf(head))))];
}

function headColumns(status: Status): readonly TextColumn[] {
  const titles = ['loss', 'weight', 'rate', ...metricNames(status), 'trained'];
  return [{ title: 'head', least: 12 }, ...titles.map((title) => right(title))];
}

function headRow(name: string, head: HeadStatus, status: Status): readonly string[] {
  const { loss, stalenessSeconds, settings } = head;
  const metrics = metricsOf(head);
  return [
    printable(name),
    lossText(loss),
    settings ? String(settings.weight) : '–',
    settings ? (settings.frozen ? 'frozen' : String(settings.learningRate)) : '–',
    ...metricNames(status).map((metric) => formatScore(metrics[metric])),
    ago(stalenessSeconds),
  ];
}
