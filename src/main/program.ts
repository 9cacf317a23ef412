import { Command, Option } from 'commander';
import { ConfigError } from '../core/error.ts';
import { ownVersion } from '../core/version.ts';

const exitCodes = `
Exit codes:
  0  all is well
  1  something failed while it ran: data that can't be read, an engine, a disk
  2  what was asked can't be done: options, the pipeline file, a file that is not there

Options of pipelines: docs/REFERENCE.md`;

/** The forms of `explain`, here so that its help needs not load what draws them. */
const formats = ['text', 'mermaid', 'svg'] as const;

const wholeNumber = (text: string): number => {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new ConfigError({ where: 'command line', expected: 'a whole number, 1 or more', found: `'${text}'` });
};

/**
 * The command line. A command loads what it needs when it runs.
 * @param print takes what was asked for; `tell` what is said beside it
 */
export function programOf(print: (text: string) => void, tell: (text: string) => void): Command {
  const program = new Command('trunkline')
    .description('Trains multi-task models on partially labelled samples.')
    .version(ownVersion(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', exitCodes)
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: () => {} })
    .allowExcessArguments(false)
    .exitOverride();
  addPipelineCommands(program, print, tell);
  addRunCommands(program, print);
  program.action(() => program.outputHelp());
  return program;
}

function addPipelineCommands(program: Command, print: (text: string) => void, tell: (text: string) => void): void {
  program
    .command('init <data>')
    .description('write a starter pipeline for a data file: features and labels are guessed, and said to be')
    .addOption(new Option('-o, --out <file>', 'the pipeline file; named after the data file when left out'))
    .addOption(new Option('-l, --labels <pattern>', "the columns of labels: 'NR-*|SR-*'; guessed when left out"))
    .addOption(new Option('-f, --force', 'write over a file that is there'))
    .action(async (data: string, options) => {
      const { initCommand } = await import('./init.ts');
      await initCommand(data, options, print);
    });
  program
    .command('check <pipeline>')
    .description('say whether a pipeline can be trained: options, files, columns, shapes, the first rows')
    .action(async (file: string) => {
      const { checkCommand } = await import('./check.ts');
      await checkCommand(file, print);
    });
  program
    .command('explain <pipeline>')
    .description('show sources, operators, trunk and heads, with shapes, parameters, losses and labels')
    .addOption(new Option('--format <format>', 'the form').choices(formats).default('text'))
    .addOption(new Option('-o, --out <file>', 'a file to write to'))
    .addOption(
      new Option('--rows <number>', 'rows of each source in which labels are counted')
        .default(100_000)
        .argParser(wholeNumber),
    )
    .action(async (file: string, options) => {
      const { explainCommand } = await import('./explain.ts');
      await explainCommand(file, options, print, tell);
    });
  program
    .command('schema')
    .description('print the JSON Schema of pipelines, for editors')
    .action(async () => {
      const { schemaCommand } = await import('./schema.ts');
      schemaCommand(print);
    });
}

/** Commands that train, and use what was trained. */
function addRunCommands(program: Command, print: (text: string) => void): void {
  program
    .command('train <pipeline>')
    .description('train a pipeline into its run folder: checkpoints, metrics, a page of curves')
    .addOption(new Option('--resume', 'go on from the newest checkpoint').conflicts('overwrite'))
    .addOption(
      new Option('--partial', 'go on with what fits, by name, of what the run has learned').conflicts('overwrite'),
    )
    .addOption(new Option('--overwrite', 'replace a run that is there'))
    .addOption(new Option('--json', 'print every event as a line of JSON'))
    .action(async (file: string, options) => {
      const { trainCommand } = await import('./train.ts');
      await trainCommand(file, options);
    });
  program
    .command('run <pipelines...>')
    .description('train pipelines for as long as there is something to train on: each in a process of its own')
    .addOption(new Option('--partial', 'begin with what fits, by name, of what an earlier run learned'))
    .addOption(new Option('--json', 'print every event as a line of JSON'))
    .addOption(
      new Option('--log', 'print lines of JSON with time and level, as collectors of logs read them').conflicts('json'),
    )
    .action(async (files: string[], options) => {
      const { runCommand } = await import('./run.ts');
      await runCommand(files, options);
    });
  program
    .command('status <pipeline>')
    .description('say how a running pipeline stands: its file, or the address of its metrics')
    .addOption(new Option('--json', 'print it as JSON'))
    .action(async (of: string, options) => {
      const { statusCommand } = await import('./status.ts');
      await statusCommand(of, options, print);
    });
  program
    .command('top <pipeline>')
    .description('show how a running pipeline stands, again and again: its file, or the address of its metrics')
    .addOption(new Option('--interval <ms>', 'milliseconds between two looks').default(1000).argParser(wholeNumber))
    .addOption(new Option('--frames <number>', 'end after so many looks').argParser(wholeNumber))
    .action(async (of: string, options) => {
      const { topCommand } = await import('./top.ts');
      await topCommand(of, options, print);
    });
  program
    .command('evaluate <pipeline>')
    .description('score the heads of a trained pipeline')
    .addOption(new Option('--source <name>', 'a source of the pipeline; the one it is evaluated on when left out'))
    .addOption(new Option('--json', 'print the scores as JSON'))
    .action(async (file: string, options) => {
      const { evaluateCommand } = await import('./evaluate.ts');
      await evaluateCommand(file, options, print);
    });
  program
    .command('predict <pipeline>')
    .description('write what every head of a trained pipeline predicts')
    .addOption(new Option('--source <name>', 'a source of the pipeline').conflicts('data'))
    .addOption(new Option('--data <file>', 'a file with the columns that the pipeline was trained on'))
    .addOption(new Option('-o, --out <file>', 'ends in .parquet, .csv or .ndjson; in the run folder when left out'))
    .action(async (file: string, options) => {
      const { predictCommand } = await import('./predict.ts');
      await predictCommand(file, options, print);
    });
  program
    .command('export <pipeline>')
    .description('write the model of a trained pipeline for others to read')
    .addOption(
      new Option('--format <format>', 'what to write').choices(['onnx', 'tfjs', 'safetensors']).makeOptionMandatory(),
    )
    .addOption(new Option('-o, --out <path>', 'in the run folder when left out'))
    .addOption(new Option('--rows <number>', 'rows of a batch of an ONNX model').default(1).argParser(wholeNumber))
    .action(async (file: string, options) => {
      const { exportCommand } = await import('./export.ts');
      await exportCommand(file, options, print);
    });
}
