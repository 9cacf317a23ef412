#!/usr/bin/env node
import { CommanderError } from 'commander';
import { ConfigError, MissingFileError, TrunklineError } from './core/error.ts';
import { misused } from './main/misuse.ts';
import { programOf } from './main/program.ts';
import { systemError } from './main/system-error.ts';

const words = process.argv.slice(2);
const program = programOf(
  (text) => console.log(text),
  (text) => console.error(text),
);
// Who reads no further, as `head`, wants no more of what was asked for; of training, what is said of it is the least.
const isTraining = words[0] === 'train' || words[0] === 'run';
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (isTraining) return;
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });

try {
  await program.parseAsync(words, { from: 'user' });
} catch (error) {
  if (!(error instanceof CommanderError && error.exitCode === 0)) {
    const told = error instanceof CommanderError ? misused(error, program, words) : systemError(error);
    // What a user can act on is said without a stack trace.
    console.error(told instanceof TrunklineError ? told.message : told);
    process.exitCode = told instanceof ConfigError || told instanceof MissingFileError ? 2 : 1;
  }
}
