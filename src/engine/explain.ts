import { formatBytes } from '../core/format.ts';
import { formatShape } from '../core/shape.ts';
import type { Compiled } from './compile.ts';
import type { Port } from './runner/runner.ts';

const listed = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];

const portLine = ({ name, dtype, shape }: Port): string => `${name}: ${dtype} ${formatShape(shape)}`;

/**
 * What a compiled step takes, gives and computes, for people: its stages and their size, inputs and outputs, the
 * constants that recording has frozen into it with where they were made, and the program itself, one operation a line.
 */
export function explain({ program, text }: Compiled): string {
  const { stages, inputs, outputs, baked, compileMs } = program;
  const took = compileMs.record + compileMs.simplify + compileMs.encode;
  const sizes = stages.map(
    ({ nodeCount, model }, stage) => `stage ${stage}: ${nodeCount} operations, ${formatBytes(model.length)}`,
  );
  return [
    ...sizes,
    `recorded and compiled in ${took.toFixed(0)} ms`,
    ...listed('takes', inputs.map(portLine)),
    ...listed('gives', outputs.map(portLine)),
    ...listed(
      'frozen constants',
      baked.map(({ where, dtype, shape }) => `${dtype} ${formatShape(shape)}, made in ${where}`),
    ),
    ...listed('computes', text().split('\n')),
  ].join('\n');
}
