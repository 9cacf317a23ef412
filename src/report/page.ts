import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chartsOf, prequentialName } from './curve.ts';
import { formatCount, formatScore } from './format.ts';
import type { EvaluationLine, MetricLine, PrequentialLine } from './metrics-file.ts';
import { script, style } from './page-parts.ts';

export interface PageFacts {
  readonly name: string;
  /** What is said of the run below its name: pairs of a label and a text. */
  readonly facts: readonly (readonly [string, string])[];
  readonly heads: readonly string[];
  /** Labels that each head was trained on. */
  readonly labels: Readonly<Record<string, number>>;
}

/**
 * A run as one page of HTML: what it was, a table of heads, curves of each head. It needs no other file and no network.
 * @param lines of `metrics.ndjson`
 */
export function formatPage({ name, facts, heads, labels }: PageFacts, lines: readonly MetricLine[]): string {
  const asset = (file: string): string =>
    readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${file}`), 'utf8');
  const last = lastBySource(lines);
  const prequential = lines.findLast((line) => line.type === 'prequential');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)} · Trunkline</title>
<style>${asset('uPlot.min.css')}${style}</style>
<h1>${escapeHtml(name)}</h1>
<dl>${facts.map(([label, text]) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(text)}</dd></div>`).join('')}</dl>
<section id="overall"><h2>All heads</h2><div class="charts"></div></section>
<section><h2>Heads</h2>${tableOf(heads, labels, last, prequential)}</section>
<section id="heads"><h2>Curves by head</h2>
<input type="search" placeholder="find a head" aria-label="find a head"><div class="heads"></div></section>
<script>${asset('uPlot.iife.min.js')}</script>
<script>const run=${jsonInScript(chartsOf(lines, heads))};${script}</script>
</html>
`;
}

/** The last evaluation on each source. */
function lastBySource(lines: readonly MetricLine[]): readonly EvaluationLine[] {
  const last = new Map<string, EvaluationLine>();
  for (const line of lines) if (line.type === 'evaluation') last.set(line.source, line);
  return [...last.values()];
}

function tableOf(
  heads: readonly string[],
  labels: PageFacts['labels'],
  evaluations: readonly EvaluationLine[],
  prequential: PrequentialLine | undefined,
): string {
  const before = [...new Set(Object.values(prequential?.heads ?? {}).flatMap((head) => Object.keys(head.metrics)))];
  const columns = evaluations.flatMap(({ source, heads: scored }) => {
    const metrics = [...new Set(Object.values(scored).flatMap((head) => Object.keys(head.metrics)))];
    return [
      { title: `${source}: labels`, read: (head: string) => scored[head]?.labels, show: formatCount },
      { title: `${source}: loss`, read: (head: string) => scored[head]?.loss, show: formatScore },
      ...metrics.map((metric) => ({
        title: `${source}: ${metric}`,
        read: (head: string) => scored[head]?.metrics[metric],
        show: formatScore,
      })),
    ];
  });
  const all = [
    { title: 'labels trained on', read: (head: string) => labels[head] ?? 0, show: formatCount },
    ...before.map((metric) => ({
      title: `${prequentialName}: ${metric}`,
      read: (head: string) => prequential?.heads[head]?.metrics[metric],
      show: formatScore,
    })),
    ...columns,
  ];
  const cell = (value: number | null | undefined, show: (value: number) => string): string =>
    `<td data-value="${value ?? ''}">${value == null ? '–' : show(value)}</td>`;
  const rows = heads.map(
    (head) =>
      `<tr><th scope="row">${escapeHtml(head)}</th>${all.map(({ read, show }) => cell(read(head), show)).join('')}</tr>`,
  );
  const titles = ['head', ...all.map(({ title }) => title)].map((title) => `<th scope="col">${escapeHtml(title)}</th>`);
  return `<div class="scroll"><table><thead><tr>${titles.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };
  return text.replace(/[&<>"]/g, (character) => `&${names[character]};`);
}

/** JSON that can't end the script it stands in. */
const jsonInScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
