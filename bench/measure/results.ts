import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { formatBytes } from '../../src/core/format.ts';

/** The machine and the versions that figures were taken with. */
export function setting(): string {
  const version = (name: string): string =>
    JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
  const processor = `${cpus().length} × ${cpus()[0]?.model.trim()}`;
  const packages = ['onnxruntime-node', '@tensorflow/tfjs-core', 'koffi'].map((name) => `${name} ${version(name)}`);
  return `${processor}, ${formatBytes(totalmem())}, ${process.platform} ${release()}, Node ${process.versions.node}, ${packages.join(', ')}`;
}

const results = new URL('../RESULTS.md', import.meta.url);

/** A table in Markdown. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

/** Replaces the section of that title in bench/RESULTS.md, or adds it. */
export function writeSection(title: string, body: string): void {
  const text = readFileSync(results, 'utf8');
  const section = `## ${title}\n\n${body}\n`;
  const begin = text.indexOf(`## ${title}\n`);
  const next = text.indexOf('\n## ', begin + 1);
  const added = `${text.trimEnd()}\n\n${section}`;
  const replaced = text.slice(0, begin) + section + (next === -1 ? '' : text.slice(next));
  writeFileSync(results, begin === -1 ? added : replaced);
}
