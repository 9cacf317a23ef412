import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf, trainedIn } from '../journal.ts';
import { labelsOf, records } from './pipeline.ts';

/** What a run left: read from its files alone. */
interface Left {
  readonly journal: readonly string[];
  readonly dead: readonly string[];
  readonly parameters: string;
  readonly optimizer: string;
}

/** Runs are told apart by when they were begun. */
const withoutRun = (line: string): string => {
  const { run: _, ...rest } = JSON.parse(line);
  return JSON.stringify(rest);
};

function left(directory: string): Left {
  const last = readdirSync(join(directory, 'checkpoints'))
    .filter((name) => /^step-\d+$/.test(name))
    .sort()
    .at(-1);
  if (last === undefined) throw new Error(`${directory}: no checkpoint`);
  const file = (name: string): string => readFileSync(join(directory, 'checkpoints', last, name)).toString('hex');
  return {
    journal: linesOf(join(directory, 'journal.ndjson')),
    dead: linesOf(join(directory, 'dead-letters.ndjson')).map(withoutRun),
    parameters: file('parameters.safetensors'),
    optimizer: file('optimizer.safetensors'),
  };
}

/**
 * What is wrong with a run that was killed, besides one that was not: each label was trained once in every epoch, records
 * that can't be samples are there as often, and everything the model learned is the same, bit for bit.
 */
export function faultsOf(directory: string, undisturbed: string, epochs: number): readonly string[] {
  const [own, other] = [left(directory), left(undisturbed)];
  const faults: string[] = [];
  const counts = trainedIn(own.journal);
  let expected = 0;
  for (let row = 0; row < records; row++)
    for (const head of labelsOf(row)) {
      expected++;
      const count = counts.get(`r${row}/${head}`) ?? 0;
      if (count !== epochs) faults.push(`label '${head}' of r${row} was trained ${count} times in ${epochs} epochs`);
    }
  if (counts.size > expected) faults.push(`${counts.size - expected} labels were trained that there are not`);
  if (own.journal.join('\n') !== other.journal.join('\n')) faults.push('steps had other samples than undisturbed');
  if (own.dead.join('\n') !== other.dead.join('\n'))
    faults.push(`${own.dead.length} dead letters, ${other.dead.length} undisturbed, or others`);
  if (own.parameters !== other.parameters) faults.push('parameters are not those of the undisturbed run');
  if (own.optimizer !== other.optimizer) faults.push("the optimizer's state is not that of the undisturbed run");
  return faults;
}
