import { formatCount, formatDuration } from '../../report/format.ts';
import type { MetricLine } from '../../report/metrics-file.ts';
import { formatPage } from '../../report/page.ts';
import type { RunOutcome } from '../../train/run/run.ts';
import type { RunFolder } from './folder.ts';
import type { Manifest } from './manifest.ts';
import { type Unit, unitsOf } from './scale.ts';

export interface Report {
  readonly path: string;
  /** In what losses and errors are, where that is not as the labels are. */
  readonly units: readonly Unit[];
}

/** Writes the page of a run from what its folder holds. */
export async function writeReport(folder: RunFolder, { outcome, step, epoch }: RunOutcome): Promise<Report> {
  const manifest = (await folder.manifest()) as Manifest;
  const lines = await folder.metricLines<MetricLine>();
  const train = lines.filter((line) => line.type === 'train');
  const labels = new Map<string, number>();
  for (const { heads } of train)
    for (const [head, { labels: more }] of Object.entries(heads)) labels.set(head, (labels.get(head) ?? 0) + more);
  const rows = train.reduce((sum, line) => sum + line.rows, 0);
  const span = Date.parse(lines.at(-1)?.time ?? manifest.begunAt) - Date.parse(manifest.begunAt);
  const units = unitsOf(new Map(Object.entries(manifest.scales ?? {})));
  const facts: readonly (readonly [string, string])[] = [
    ['outcome', outcome],
    ['steps', formatCount(step)],
    ['epochs', formatCount(epoch)],
    ['samples trained on', formatCount(rows)],
    ['from begin to end', formatDuration(span)],
    ['begun', manifest.begunAt.replace('T', ' ').replace(/\..*/, ' UTC')],
    ['pipeline', manifest.file],
    ['seed', String(manifest.seed)],
    ['versions', `trunkline ${manifest.versions.trunkline}, node ${manifest.versions.node}`],
    ...units,
  ];
  const page = formatPage(
    { name: manifest.name, facts, heads: manifest.heads, labels: Object.fromEntries(labels) },
    lines,
  );
  await folder.write('report', page);
  return { path: folder.path('report'), units };
}
