import { join } from 'node:path';
import { z } from 'zod';
import type { Json } from '../../core/chunk.ts';
import { parseConfig } from '../../core/config.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { ConfigError, type Issue } from '../../core/error.ts';
import type { ModelSpec } from '../../model/index.ts';
import type { StepState } from '../../step/state.ts';
import type { Files, Pieces } from '../directory.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../safetensors.ts';
import { decodeAnyState, decodeState, encodeState, stateFiles } from '../save.ts';
import { digestOf, type FileDigest } from './digest.ts';

/** Plain data, and arrays by name beside it. */
export interface Stored {
  readonly json: Json;
  readonly arrays: Readonly<Record<string, TypedArray>>;
}

/** Everything a run continues from, as of one step. */
export interface Checkpoint {
  /** Steps taken. */
  readonly step: number;
  readonly model: StepState;
  /** Where the sources are, and what operators hold: what follows the step's batch. */
  readonly stream: Stored;
  /** What else the run remembers: what features were fitted to, counts, the configuration's hash. */
  readonly run: Json;
}

const manifestFile = 'manifest.json';
const streamFile = 'stream.json';
const streamArraysFile = 'stream.safetensors';
const runFile = 'run.json';
const contentFiles = [...stateFiles, streamFile, streamArraysFile, runFile] as const;
export const checkpointFiles = [...contentFiles, manifestFile] as const;

const manifestSchema = z.strictObject({
  format: z.literal(1),
  step: z.number().int().min(0),
  files: z.record(z.string(), z.strictObject({ sizeBytes: z.number(), sha256: z.string() })),
});

const jsonBytes = (value: unknown): Pieces => [new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)];

const storedDtypes = new Map<unknown, StoredTensor['dtype']>([
  [Float32Array, 'float32'],
  [Int32Array, 'int32'],
  [Uint8Array, 'uint8'],
]);

/** @throws ConfigError naming arrays of a type that the format does not hold */
function tensorsOf(arrays: Stored['arrays']): ReadonlyMap<string, StoredTensor> {
  const issues: Issue[] = [];
  const tensors = Object.entries(arrays).flatMap(([name, values]): [string, StoredTensor][] => {
    const dtype = storedDtypes.get(values.constructor);
    if (dtype) return [[name, { dtype, shape: [values.length], values }]];
    issues.push({
      where: `array '${name}' of the stream's state`,
      expected: 'float32, int32 or uint8',
      found: values.constructor.name,
    });
    return [];
  });
  if (issues.length > 0) throw new ConfigError(issues);
  return new Map(tensors);
}

/**
 * A checkpoint as files: what `saveState` writes, `stream.json` and `stream.safetensors`, `run.json`, and
 * `manifest.json` with every file's size and checksum. Bytes of arrays are views: nothing may change meanwhile.
 */
export async function encodeCheckpoint({ step, model, stream, run }: Checkpoint, spec: ModelSpec): Promise<Files> {
  const content: Readonly<Record<(typeof contentFiles)[number], Pieces>> = {
    ...encodeState(model, spec),
    [streamFile]: jsonBytes(stream.json),
    [streamArraysFile]: encodeSafetensors({ tensors: tensorsOf(stream.arrays), metadata: {} }),
    [runFile]: jsonBytes(run),
  };
  const files: Record<string, FileDigest> = {};
  for (const name of contentFiles) files[name] = await digestOf(content[name]);
  return { ...content, [manifestFile]: jsonBytes({ format: 1, step, files }) };
}

type Read = Readonly<Record<(typeof checkpointFiles)[number], Uint8Array>>;

/**
 * Whether the files are those that were written.
 * @throws ConfigError with every file whose size or checksum is another
 */
export async function verifyCheckpoint(files: Read, directory: string): Promise<{ readonly step: number }> {
  const where = join(directory, manifestFile);
  const { step, files: expected } = parseConfig(manifestSchema, parseJson(files[manifestFile], where), where);
  const issues: Issue[] = [];
  for (const name of contentFiles) {
    const [wanted, found] = [expected[name], await digestOf([files[name]])];
    if (wanted?.sizeBytes === found.sizeBytes && wanted.sha256 === found.sha256) continue;
    issues.push({
      where: join(directory, name),
      expected: wanted ? show(wanted) : `an entry in ${manifestFile}`,
      found: wanted ? show(found) : 'none',
    });
  }
  if (issues.length > 0) throw new ConfigError(issues);
  return { step };
}

const show = ({ sizeBytes, sha256 }: FileDigest): string => `${sizeBytes} bytes, SHA-256 ${sha256.slice(0, 12)}…`;

/**
 * A checkpoint from its files, which were verified.
 * @param spec the model it must have been written for; any when left out
 * @throws ConfigError when it was written for another model: see `decodeState`
 */
export function decodeCheckpoint(files: Read, directory: string, step: number, spec?: ModelSpec): Checkpoint {
  const place = (name: string): string => join(directory, name);
  const { tensors } = decodeSafetensors(files[streamArraysFile], place(streamArraysFile));
  return {
    step,
    model: spec ? decodeState(files, directory, spec) : decodeAnyState(files, directory),
    stream: {
      json: parseJson(files[streamFile], place(streamFile)),
      arrays: Object.fromEntries([...tensors].map(([name, { values }]) => [name, values])),
    },
    run: decodeRun(files, directory),
  };
}

/** What the run remembers besides model and stream, from a checkpoint's files, which were verified. */
export function decodeRun(files: Read, directory: string): Json {
  return parseJson(files[runFile], join(directory, runFile));
}

function parseJson(bytes: Uint8Array, where: string): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch (error) {
    throw new ConfigError({ where, expected: 'JSON', found: (error as Error).message }, { cause: error });
  }
}
