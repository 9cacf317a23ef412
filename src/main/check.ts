import { ConfigError, formatIssue, TrunklineError } from '../core/error.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { trunklineBackend } from '../engine/backend.ts';
import { assemble, type Pipeline } from '../pipeline/assemble.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { type Probe, probe } from '../pipeline/probe.ts';
import { reasonLines } from './rejected.ts';

/** Rows of each source that are read to see whether they can be. */
const firstRows = 2000;

const count = (number: number): string => number.toLocaleString('en-US');
const counted = (number: number, what: string): string => `${count(number)} ${what}${number === 1 ? '' : 's'}`;

/**
 * Says whether a pipeline can be trained: options, files, columns, shapes, and the first rows of each source.
 * @throws TrunklineError with everything that is wrong
 */
export async function checkCommand(file: string, print: (line: string) => void): Promise<void> {
  trunklineBackend();
  const pipeline = await assemble(await loadPipeline(file), {
    onFit: (name) => print(`reading all of source '${name}', for features that learn from it`),
  });
  const lines: string[] = [];
  const failures: TrunklineError[] = [];
  for (const [name, source] of pipeline.sources)
    try {
      if (source.isEndless) lines.push(`source '${name}': waits for what is still to come`);
      if (!source.isEndless || source.canPeek) {
        const probed = await probe(source, firstRows);
        if (!source.isEndless && probed.samples + probed.rejected === 0)
          throw new ConfigError({ where: `sources.${name}`, expected: 'rows', found: 'none' });
        lines.push(...sourceLines(name, probed, pipeline.located));
      }
    } catch (error) {
      const shown = pipeline.located(error);
      if (!(shown instanceof TrunklineError)) throw shown;
      failures.push(shown);
    }
  if (failures.length > 0)
    throw failures.length === 1 ? failures[0] : new TrunklineError(failures.flatMap((f) => f.issues));
  for (const line of [...lines, modelLine(pipeline), resumeLine(pipeline)]) print(line);
  for (const remark of pipeline.remarks) print(`\nremark: ${formatIssue(remark)}`);
  print(`\n${file} can be trained`);
}

function sourceLines(
  name: string,
  { rows, whole, samples, labels, rejected, reasons }: Probe,
  located: Pipeline['located'],
): readonly string[] {
  const silent = [...labels].filter(([, number]) => number === 0).map(([head]) => head);
  const total = [...labels.values()].reduce((sum, number) => sum + number, 0);
  const known = rows === undefined ? '' : `${counted(rows, 'row')}, `;
  const read = `${whole ? 'all' : 'the first'} ${counted(samples, 'sample')} have ${counted(total, 'label')} of ${counted(labels.size - silent.length, 'head')}`;
  const shown = silent.slice(0, 8).join(', ');
  return [
    `source '${name}': ${known}${read}`,
    ...(silent.length === 0 ? [] : [`  none of ${shown}${silent.length > 8 ? `, … (${silent.length})` : ''}`]),
    ...(rejected === 0 ? [] : [`  ${counted(rejected, 'record')} or labels were rejected:`]),
    ...reasonLines(reasons, located),
  ];
}

function modelLine({ model: { inputs, heads, groups }, config }: Pipeline): string {
  const { max } = config.model.heads;
  const parameters = groups
    .flatMap((group) => group.parameters)
    .reduce((sum, { variable }) => sum + sizeOf(variable.shape), 0);
  const given = inputs.map(({ name, shape }) => `${name} ${formatShape(shape).replaceAll('-1', '?')}`).join(', ');
  return `model: ${given}; ${counted(parameters, 'parameter')}, ${counted(heads.length, 'head')}${max === undefined ? '' : `, and up to ${count(max)} that labels make`}`;
}

/** Whether a run that was interrupted goes on as if it had not been. */
function resumeLine({ sources, read, config }: Pipeline): string {
  const reasons = [
    ...read
      .filter((name) => !sources.get(name)?.replayable)
      .map((name) => `source '${name}' can't be read again from where it was`),
    ...(typeof config.stream.batch === 'object' && config.stream.batch.timeLimitMs !== undefined
      ? ['stream.batch.timeLimitMs depends on the clock']
      : []),
    ...(config.stream.join?.time === 'processing' ? ['stream.join.ttl is measured by the clock'] : []),
    ...(config.stream.join && read.some((name) => sources.get(name)?.isEndless)
      ? ['stream.join takes samples and labels as they come']
      : []),
    ...(config.guard.spike && config.guard.spike.goBackAfter > 0
      ? ['guard.spike.goBackAfter: which checkpoint is the newest then depends on when it was written']
      : []),
    ...(config.evaluate?.plateau && config.evaluate.everySteps !== undefined
      ? ['evaluate.plateau with everySteps: steps under way end before the heads are changed, however many there are']
      : []),
  ];
  return reasons.length === 0
    ? 'a run that is interrupted goes on bit for bit'
    : `a run that is interrupted does not go on bit for bit: ${reasons.join('; ')}`;
}
