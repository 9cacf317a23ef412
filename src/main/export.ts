import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ignoreEvents } from '../core/event.ts';
import { trunklineBackend } from '../engine/backend.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { openTrained, type TrainedPipeline } from '../pipeline/run/trained.ts';
import { toLayersModel, toOnnx } from '../train/export.ts';
import { encodeSafetensors } from '../train/safetensors.ts';
import { parameterTensors } from '../train/state-tensors.ts';

/** What a trained model can be written as. */
const writers = {
  /** For batches of `rows` rows. */
  onnx: async ({ pipeline }: TrainedPipeline, out: string, rows: number) =>
    writeFile(out, toOnnx(pipeline.model, { rows })),
  /** A directory with `model.json` and `weights.bin`. */
  tfjs: async ({ pipeline }: TrainedPipeline, out: string) => {
    await mkdir(out, { recursive: true });
    await toLayersModel(pipeline.model).save({
      save: async ({ weightData, weightSpecs, ...rest }) => {
        const weights = [{ paths: ['weights.bin'], weights: weightSpecs }];
        const parts = (Array.isArray(weightData) ? weightData : [weightData]) as ArrayBuffer[];
        await writeFile(join(out, 'weights.bin'), Buffer.concat(parts.map((part) => new Uint8Array(part))));
        await writeFile(join(out, 'model.json'), JSON.stringify({ ...rest, weightsManifest: weights }));
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' as const } };
      },
    });
  },
  /** Parameters by name. */
  safetensors: async ({ pipeline }: TrainedPipeline, out: string) =>
    writeFile(
      out,
      Buffer.concat([...encodeSafetensors({ tensors: parameterTensors(pipeline.model, {}), metadata: {} })]),
    ),
} as const;

export type ExportFormat = keyof typeof writers;
const endings: Readonly<Record<ExportFormat, string>> = { onnx: '.onnx', tfjs: '-tfjs', safetensors: '.safetensors' };

export interface ExportCommandOptions {
  readonly format: ExportFormat;
  readonly out?: string;
  /** Rows of a batch of an ONNX model. */
  readonly rows: number;
}

/**
 * Writes the model of a trained pipeline for others to read.
 * @throws TrunklineError when it was not trained, or the model can't be written so
 */
export async function exportCommand(
  file: string,
  { format, out, rows }: ExportCommandOptions,
  print: (line: string) => void,
): Promise<void> {
  trunklineBackend();
  const trained = await openTrained(await loadPipeline(file), ignoreEvents);
  try {
    const path = out ?? join(trained.folder.directory, `${trained.pipeline.name}${endings[format]}`);
    await mkdir(dirname(path), { recursive: true });
    await writers[format](trained, path, rows);
    print(`the model as of step ${trained.step}: ${path}`);
  } finally {
    await trained.close();
  }
}
