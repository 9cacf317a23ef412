import { join } from 'node:path';
import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import type { TypedArray } from '../core/dtype.ts';
import { ConfigError } from '../core/error.ts';
import { assignValues } from '../engine/assignment.ts';
import { formatModel, type ModelSpec } from '../model/index.ts';
import type { HeadChoice, HeadMemory, StepState } from '../step/state.ts';
import { type Pieces, readDirectory, writeDirectory } from './directory.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { differences, optimizerTensors, parametersOf, parameterTensors } from './state-tensors.ts';

const parameterFile = 'parameters.safetensors';
const optimizerFile = 'optimizer.safetensors';
const stateFile = 'state.json';

const stateSchema = z.strictObject({
  format: z.literal(1),
  steps: z.number().int().min(0),
  heads: z.record(z.string(), z.custom<HeadMemory>()),
  settings: z.record(z.string(), z.custom<HeadChoice>()),
  frozen: z.array(z.string()),
  merge: z.record(z.string(), z.custom<StepState['merge'][string]>()),
  schedules: z.record(z.string(), z.custom<StepState['schedules'][string]>()),
  /** Lines of the model's text. */
  model: z.array(z.string()),
});

/** Numbers that JSON has no words for are written as text. */
const oddNumbers: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity', '-0']);
const spellOut = (_: string, value: unknown): unknown =>
  Object.is(value, -0) ? '-0' : typeof value === 'number' && !Number.isFinite(value) ? `${value}` : value;
const readBack = (_: string, value: unknown): unknown => (oddNumbers.has(value) ? Number(value) : value);

/** What a run continues from, as files: `parameters.safetensors` under the model's names, `optimizer.safetensors` and `state.json`. */
export const stateFiles = [parameterFile, optimizerFile, stateFile] as const;

/** The bytes of those files. They are copies of the state: it may go on. */
export function encodeState(state: StepState, spec: ModelSpec): Readonly<Record<(typeof stateFiles)[number], Pieces>> {
  const { arrays, ...memory } = state;
  const json = JSON.stringify({ format: 1, ...memory, model: linesOf(spec) }, spellOut, 2);
  return {
    [parameterFile]: encodeSafetensors({ tensors: parameterTensors(spec, arrays), metadata: {} }),
    [optimizerFile]: encodeSafetensors({ tensors: optimizerTensors(spec, arrays), metadata: {} }),
    [stateFile]: [new TextEncoder().encode(`${json}\n`)],
  };
}

/**
 * Reads what `encodeState` wrote for this model.
 * @param directory where the files are, for errors
 * @returns the state, with every parameter of the model
 * @throws ConfigError when it was written for another model, naming the first line of its text that differs, and when a
 *   file is damaged
 */
export function decodeState(
  files: Readonly<Record<(typeof stateFiles)[number], Uint8Array>>,
  directory: string,
  spec: ModelSpec,
): StepState {
  const place = (name: string): string => join(directory, name);
  const json = parseJson(files[stateFile], place(stateFile));
  const { format: _, model, ...memory } = parseConfig(stateSchema, json, place(stateFile));
  checkModel(model, linesOf(spec), place(stateFile));
  const { tensors: parameters } = decodeSafetensors(files[parameterFile], place(parameterFile));
  const { tensors: optimizer } = decodeSafetensors(files[optimizerFile], place(optimizerFile));
  const arrays = Object.fromEntries([
    ...[...parameters].map(([name, { values }]) => [`parameter/${name}`, values] as const),
    ...[...optimizer].map(([name, { values }]) => [name, values] as const),
  ]);
  const issues = [
    ...differences(parameters, parameterTensors(spec, {}), place(parameterFile)),
    ...differences(optimizer, optimizerTensors(spec, arrays), place(optimizerFile)),
  ];
  if (issues.length > 0) throw new ConfigError(issues);
  return { ...memory, arrays };
}

/**
 * Writes everything a run continues from into a directory, as a whole or not at all; see `stateFiles`. What an earlier
 * call wrote is replaced.
 * @param state is copied before this returns. Parameters it does not have, as of outputs that are not trained, are the model's
 * @throws ConfigError when the directory holds anything else
 */
export async function saveState(directory: string, state: StepState, spec: ModelSpec): Promise<void> {
  await writeDirectory(directory, encodeState(state, spec));
}

/**
 * Reads what `saveState` wrote for this model: see `decodeState`.
 * @throws ConfigError likewise, and when a file is missing
 */
export async function loadState(directory: string, spec: ModelSpec): Promise<StepState> {
  return decodeState(await readDirectory(directory, stateFiles), directory, spec);
}

/** Gives the model's variables the values of a state that `loadState` read. */
export function assignParameters(spec: ModelSpec, { arrays }: StepState): void {
  for (const { name, variable } of parametersOf(spec))
    assignValues(variable, arrays[`parameter/${name}`] as TypedArray);
}

const linesOf = (spec: ModelSpec): readonly string[] => formatModel(spec).split('\n');

function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), readBack);
  } catch (error) {
    throw new ConfigError({ where, expected: 'JSON', found: (error as Error).message }, { cause: error });
  }
}

function checkModel(found: readonly string[], expected: readonly string[], where: string): void {
  const at = expected.findIndex((line, index) => line !== found[index]);
  if (at === -1 && found.length === expected.length) return;
  const line = at === -1 ? expected.length : at;
  const show = (text: string | undefined): string => (text === undefined ? 'nothing more' : `'${text}'`);
  throw new ConfigError({
    where: `${where}, line ${line + 1} of the model`,
    expected: show(expected[line]),
    found: show(found[line]),
    hint: 'build the graph as the program did that saved it',
  });
}
