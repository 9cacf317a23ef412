import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ownVersion } from '../../core/version.ts';
import { formatModel } from '../../model/index.ts';
import type { LabelScale } from '../../source/index.ts';
import { type Fingerprint, fingerprintOf } from '../../train/fingerprint.ts';
import type { Pipeline } from '../assemble.ts';
import { scalesOf } from './scale.ts';

/** What is written of a run, for those who want to know what it was. */
export interface Manifest {
  readonly name: string;
  readonly begunAt: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly seed: number;
  /** The pipeline file, and the configuration as it was written there. */
  readonly file: string;
  readonly config: unknown;
  /** Files by source. */
  readonly data: Readonly<Record<string, readonly Fingerprint[]>>;
  /** The model's text, by lines. */
  readonly model: readonly string[];
  readonly heads: readonly string[];
  /** How labels were moved before they were trained, by head: losses and errors are on that scale. Those that were. */
  readonly scales?: Readonly<Record<string, LabelScale>>;
}

const packages = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', 'onnxruntime-node', '@duckdb/node-api', 'rxjs'];

/** Describes a run that begins. */
export async function manifestOf(pipeline: Pipeline, file: string, begunAt: string): Promise<Manifest> {
  const data: Record<string, readonly Fingerprint[]> = {};
  for (const [name, source] of pipeline.sources)
    data[name] = await Promise.all((await source.files()).map((path) => fingerprintOf(path)));
  return {
    name: pipeline.name,
    begunAt,
    versions: versions(),
    seed: pipeline.seed,
    file,
    config: withoutToken(pipeline.written),
    data,
    ...describe(pipeline),
  };
}

/** What a manifest says of a model and its labels. */
function describe(pipeline: Pipeline): Pick<Manifest, 'model' | 'heads' | 'scales'> {
  const { model } = pipeline;
  const heads = model.heads.filter(({ objective }) => objective).map(({ name }) => name);
  const scales = Object.fromEntries([...scalesOf(pipeline)].filter(([head]) => heads.includes(head)));
  return { model: formatModel(model).split('\n'), heads, ...(Object.keys(scales).length > 0 ? { scales } : {}) };
}

/** The manifest of a run that goes on, perhaps with other heads than it began with; undefined when it says so already. */
export function manifestSince(before: Manifest, pipeline: Pipeline): Manifest | undefined {
  const { scales: _, ...rest } = before;
  const now = { ...rest, ...describe(pipeline) };
  return JSON.stringify(now) === JSON.stringify(before) ? undefined : now;
}

function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  // Some packages do not export their package.json: it is read from where they are.
  const versionOf = (name: string): string => {
    const main = require.resolve(name);
    const folder = main.slice(0, main.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}/`.length);
    return (JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { version: string }).version;
  };
  return {
    trunkline: ownVersion(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}

/** A configuration without a token that was written into it. */
function withoutToken(written: unknown): unknown {
  const { http } = (written ?? {}) as { readonly http?: { readonly token?: unknown } };
  return http?.token === undefined ? written : { ...(written as object), http: { ...http, token: '…' } };
}
