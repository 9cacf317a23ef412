import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TypedArray } from '../../src/core/dtype.ts';
import { Graph } from '../../src/train/graph.ts';
import { predicted, rows, samplesFor, train } from '../../test/train/exported-graph.ts';
import { models } from '../../test/train/exported-models.ts';
import { pythonWith } from './python.ts';

/** The runtime that is not ours: the reference implementation of ONNX's operators, in NumPy. */
const reference = 'onnx==1.23.2';
const program = fileURLToPath(new URL('reference.py', import.meta.url));

/** The most that a prediction may differ: sums are taken in another order there. */
const tolerance = 1e-5;

/** What the reference says of one model. */
interface Answer {
  readonly model: string;
  readonly difference?: number;
  readonly error?: string;
}

interface Tensor {
  readonly values: TypedArray;
  readonly shape: readonly number[];
}

const spelledOut = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { values, shape }]) => {
      const dtype = values instanceof Int32Array ? 'int32' : 'float32';
      return [name, { dtype, shape, values: [...(values as Float32Array)] }];
    }),
  );

/** Writes a trained model, and beside it what it is given and predicts. */
async function write(path: string, build: (graph: Graph) => void): Promise<void> {
  const graph = new Graph({ seed: 2 });
  try {
    await train(graph, build);
    const used = usedInputs(graph);
    const given = Object.entries(samplesFor(graph.describe())).filter(([name]) => used.has(name));
    writeFileSync(`${path}.onnx`, graph.toOnnx({ rows }));
    const known = { inputs: spelledOut(Object.fromEntries(given)), outputs: spelledOut(await predicted(graph)) };
    writeFileSync(`${path}.json`, JSON.stringify(known));
  } finally {
    await graph.close();
  }
}

/** Inputs that an exported model has: those of heads that exist only while training are left out. */
function usedInputs(graph: Graph): ReadonlySet<string> {
  const model = graph.toLayersModel();
  const names = new Set(model.inputNames);
  model.dispose();
  return names;
}

/** Every model that tests export is loaded and run by another runtime, and predicts there what it predicts here. */
export async function exportedModels(say: (text: string) => void): Promise<boolean> {
  const python = pythonWith(reference);
  if ('missing' in python) {
    say(`exported models: skipped: ${python.missing}`);
    return true;
  }
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-onnx-'));
  try {
    const names = Object.keys(models);
    for (const [at, build] of Object.values(models).entries())
      await write(join(folder, `${at}`.padStart(3, '0')), build);
    const { status, stdout, stderr } = spawnSync(python.path, [program, folder], { encoding: 'utf8' });
    if (status !== 0) say(`exported models: Python ended with ${status}\n${stderr}`);
    const answers = stdout.split('\n').flatMap((line): Answer[] => (line === '' ? [] : [JSON.parse(line)]));
    const good = answers.filter(({ difference = Number.POSITIVE_INFINITY }) => difference <= tolerance);
    for (const { model, difference, error } of answers)
      say(`  ${names[Number(model)]}: ${error ?? `differs by ${difference?.toExponential(1)} at most`}`);
    say(`exported models: ${good.length} of ${names.length} predict alike in ${reference}`);
    return good.length === names.length;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
