#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError, TrunklineError } from './core/error.ts';
import type { EvaluateCommandOptions } from './main/evaluate.ts';
import type { ExportCommandOptions, ExportFormat } from './main/export.ts';
import type { PredictCommandOptions } from './main/predict.ts';
import type { TrainCommandOptions } from './main/train.ts';

/** Exit codes: 1 when something failed, 2 when what was asked for is wrong. */
const failed = 1;
const misused = 2;

const exportFormats: readonly ExportFormat[] = ['onnx', 'tfjs', 'safetensors'];

const print = (line: string): void => console.log(line);

function version(): string {
  return String(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('expected a whole number, 1 or more');
}

/** The command line. Commands are loaded when they are asked for. */
function program(): Command {
  const trunkline = new Command('trunkline')
    .description('Trains multi-task models on partially labelled samples.')
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride();

  trunkline
    .command('train')
    .description('train a pipeline into its run folder')
    .argument('<pipeline>', 'a YAML, JSON or TypeScript file')
    .addOption(new Option('--resume', 'go on from the newest checkpoint').conflicts('overwrite'))
    .option('--overwrite', 'replace a run that is there')
    .option('--json', 'print every event as a line of JSON')
    .action(async (file: string, options: TrainCommandOptions) =>
      (await import('./main/train.ts')).trainCommand(file, options),
    );

  trunkline
    .command('evaluate')
    .description('score the heads of a trained pipeline')
    .argument('<pipeline>')
    .option('--source <name>', 'a source of the pipeline; the one it is evaluated on when left out')
    .option('--json', 'print the scores as JSON')
    .action(async (file: string, options: EvaluateCommandOptions) =>
      (await import('./main/evaluate.ts')).evaluateCommand(file, options, print),
    );

  trunkline
    .command('predict')
    .description('write what every head of a trained pipeline predicts')
    .argument('<pipeline>')
    .addOption(new Option('--source <name>', 'a source of the pipeline').conflicts('data'))
    .option('--data <file>', 'a file with the columns that the pipeline was trained on')
    .option('--out <file>', 'ends in .parquet, .csv or .ndjson; in the run folder when left out')
    .action(async (file: string, options: PredictCommandOptions) =>
      (await import('./main/predict.ts')).predictCommand(file, options, print),
    );

  trunkline
    .command('export')
    .description('write the model of a trained pipeline for others to read')
    .argument('<pipeline>')
    .addOption(new Option('--format <format>', 'what to write').choices(exportFormats).makeOptionMandatory())
    .option('--out <path>', 'in the run folder when left out')
    .option('--rows <number>', 'rows of a batch of an ONNX model', positive, 1)
    .action(async (file: string, options: ExportCommandOptions) =>
      (await import('./main/export.ts')).exportCommand(file, options, print),
    );
  return trunkline;
}

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : misused;
  else {
    // What a user can act on is said without a stack trace.
    console.error(error instanceof TrunklineError ? error.message : error);
    process.exitCode = error instanceof ConfigError ? misused : failed;
  }
}
