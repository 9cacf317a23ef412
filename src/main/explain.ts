import { writeFile } from 'node:fs/promises';
import { ConfigError, TrunklineError } from '../core/error.ts';
import { ignoreEvents } from '../core/event.ts';
import { trunklineBackend } from '../engine/backend.ts';
import { assemble } from '../pipeline/assemble.ts';
import { explanations } from '../pipeline/explain.ts';
import { type LoadedPipeline, loadPipeline } from '../pipeline/load.ts';
import { withMadeHeads } from '../pipeline/model/made.ts';
import { type Probe, probe } from '../pipeline/probe.ts';
import { RunFolder } from '../pipeline/run/folder.ts';
import { findLastRun } from '../pipeline/run/last.ts';
import { folderOf } from '../pipeline/run/trained.ts';
import { sketchModel } from '../pipeline/sketch.ts';

export type Format = keyof typeof explanations;
export const formats = Object.keys(explanations) as readonly Format[];

export interface ExplainOptions {
  readonly format: Format;
  /** A file to write to. */
  readonly out?: string;
  /** Rows of each source that labels are counted in. */
  readonly rows: number;
}

/**
 * Shows a pipeline: sources, operators, trunk and heads.
 * @param print takes what is shown; `tell` what is said beside it
 * @throws TrunklineError with everything that is wrong
 */
export async function explainCommand(
  file: string,
  { format, out, rows }: ExplainOptions,
  print: (text: string) => void,
  tell: (line: string) => void,
): Promise<void> {
  trunklineBackend();
  const given = await loadPipeline(file);
  const last = given.config.model.heads.auto && (await findLastRun(new RunFolder(folderOf(given)), ignoreEvents));
  const loaded = withMadeHeads(given, last?.made ?? []);
  const { model, probes } = await described(loaded, rows, tell);
  const { config, written } = loaded;
  const text = explanations[format]({ config, written, model, probes });
  if (out === undefined) return print(text);
  await writeFile(out, `${text}\n`).catch((error: Error) => {
    throw new ConfigError({ where: `--out ${out}`, expected: 'a file that can be written', found: error.message });
  });
  tell(`written to ${out}`);
}

/** The model with what the data says of it; without, where the data is not there. */
async function described(loaded: LoadedPipeline, rows: number, tell: (line: string) => void) {
  try {
    const { model, sources, read } = await assemble(loaded);
    const probes = new Map<string, Probe>();
    for (const [name, source] of sources)
      probes.set(name, read.includes(name) ? await probe(source, rows) : await probe(source, 0));
    return { model, probes };
  } catch (error) {
    if (!(error instanceof TrunklineError) || !error.issues.every(isMissingFile)) throw error;
    const model = sketchModel(loaded);
    tell(`${error.message}\nwithout its data: each pattern of labels is shown as one head\n`);
    return { model, probes: new Map<string, Probe>() };
  }
}

const isMissingFile = ({ where }: { readonly where: string }): boolean =>
  /\bsources\.[^ ]*\.path(\[\d+\])?$/.test(where);
