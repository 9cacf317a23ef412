import { join } from 'node:path';
import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import { ConfigError } from '../core/error.ts';
import { formatModel, type ModelSpec } from '../model/index.ts';
import type { StepRunner } from '../step/runner.ts';
import type { StepState } from '../step/state.ts';
import { type Pieces, readDirectory, writeDirectory } from './directory.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { differences, optimizerTensors, parameterTensors } from './state-tensors.ts';

const parameterFile = 'parameters.safetensors';
const optimizerFile = 'optimizer.safetensors';
const stateFile = 'state.json';

/** Of what is written. 2 is keyed by layer, and has the last step of each head; 1 was keyed by sets of heads. */
const format = 2;

/** Numbers that JSON has no words for are written as text. */
const oddNumbers = ['NaN', 'Infinity', '-Infinity', '-0'] as const;
const spellOut = (_: string, value: unknown): unknown =>
  Object.is(value, -0) ? '-0' : typeof value === 'number' && !Number.isFinite(value) ? `${value}` : value;

const count = z.number().int().min(0);
const real = z.union([z.number(), z.enum(oddNumbers).transform(Number)]);
const factor = real.refine((value) => Number.isFinite(value) && value >= 0, 'a finite number, 0 or more');
const numbers = z.record(z.string(), z.record(z.string(), real));
const stateSchema = z.strictObject({
  format: z.literal(format),
  steps: count,
  optimizer: z.string().exactOptional(),
  heads: z.record(
    z.string(),
    z.strictObject({
      clock: count,
      labels: count,
      lastStep: count,
      denominator: z.strictObject({ rate: real, weight: real }).exactOptional(),
      usual: z.strictObject({ count, mean: real, distance: real, spikes: count }).exactOptional(),
    }),
  ),
  settings: z.record(z.string(), z.strictObject({ weight: factor, learningRate: factor, frozen: z.boolean() })),
  frozen: z.array(z.string()),
  learningRates: z.record(z.string(), factor).default({}),
  merge: numbers,
  schedules: numbers,
  /** Lines of the model's text. */
  model: z.array(z.string()),
});

/** What a run continues from, as files: `parameters.safetensors` under the model's names, `optimizer.safetensors` and `state.json`. */
export const stateFiles = [parameterFile, optimizerFile, stateFile] as const;

type StateFiles = Readonly<Record<(typeof stateFiles)[number], Uint8Array>>;

/** The bytes of those files. Those of arrays are views, where the state has them as they are written. */
export function encodeState(state: StepState, spec: ModelSpec): Readonly<Record<(typeof stateFiles)[number], Pieces>> {
  const { arrays, ...memory } = state;
  const json = JSON.stringify({ format, ...memory, model: linesOf(spec) }, spellOut, 2);
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
export function decodeState(files: StateFiles, directory: string, spec: ModelSpec): StepState {
  const place = (name: string): string => join(directory, name);
  const { model, parameters, optimizer, state } = decoded(files, place);
  checkModel(model, linesOf(spec), place(stateFile));
  const { arrays } = state;
  const issues = [
    ...differences(parameters, parameterTensors(spec, {}), place(parameterFile)),
    ...differences(optimizer, optimizerTensors(spec, arrays), place(optimizerFile)),
  ];
  if (issues.length > 0) throw new ConfigError(issues);
  return state;
}

/**
 * Reads what `encodeState` wrote, whatever the model was: parameters, slots and memory by name.
 * @throws ConfigError when a file is damaged
 */
export function decodeAnyState(files: StateFiles, directory: string): StepState {
  return decoded(files, (name) => join(directory, name)).state;
}

function decoded(files: StateFiles, place: (name: string) => string) {
  const json = parseJson(files[stateFile], place(stateFile));
  refuseOther(json, place(stateFile));
  const { format: _, model, ...memory } = parseConfig(stateSchema, json, place(stateFile));
  const { tensors: parameters } = decodeSafetensors(files[parameterFile], place(parameterFile));
  const { tensors: optimizer } = decodeSafetensors(files[optimizerFile], place(optimizerFile));
  const arrays = Object.fromEntries([
    ...[...parameters].map(([name, { values }]) => [`parameter/${name}`, values] as const),
    ...[...optimizer].map(([name, { values }]) => [name, values] as const),
  ]);
  const state: StepState = { ...memory, arrays };
  return { model, parameters, optimizer, state };
}

/**
 * Writes everything a run continues from into a directory, as a whole or not at all; see `stateFiles`. What an earlier
 * call wrote is replaced.
 * @param state stays as it is until it is written: see `copyState`. Parameters it does not have, as of outputs that are not
 *   trained, are the model's
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

/**
 * Lets a runner go on from a state of its optimizer: slots and clocks of another mean nothing to it.
 * @throws ConfigError when it is of another, and what `StepRunner.restore` throws: all stays as it is
 */
export function goOn(runner: StepRunner, state: StepState): void {
  const [own, other] = [runner.optimizer, state.optimizer ?? runner.optimizer];
  if (own !== other)
    throw new ConfigError({
      where: 'state',
      expected: `that of a graph with the optimizer '${own}', as this one is compiled`,
      found: `one of '${other}'`,
      hint: `compile with '${other}', load, and compile with '${own}', which then begins anew`,
    });
  runner.restore(state);
}

const linesOf = (spec: ModelSpec): readonly string[] => formatModel(spec).split('\n');

function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ConfigError({ where, expected: 'JSON', found: (error as Error).message }, { cause: error });
  }
}

/** @throws ConfigError when the state was written in another format: nothing of it is read as something else */
function refuseOther(json: unknown, where: string): void {
  const { format: found } = (json ?? {}) as { readonly format?: unknown };
  if (typeof found !== 'number' || found === format) return;
  const [age, hint] =
    found < format
      ? ['an earlier', 'its clocks mean something else: train anew, or go on with the version that wrote it']
      : ['a later', 'go on with the version that wrote it'];
  throw new ConfigError({
    where: `${where}, format`,
    expected: `${format}`,
    found: `${found}, which ${age} version wrote`,
    hint,
  });
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
