import { CompileError } from '../core/error.ts';
import { simplify } from '../ir/pass/simplify.ts';
import { splitStages } from '../ir/pass/stage.ts';
import { formatGraph } from '../ir/text.ts';
import { type InputSpecs, type Recorded, type RecordOptions, record, type Step } from '../trace/record.ts';
import { trunklineBackend } from './backend.ts';
import { encodeGraph } from './onnx/encode.ts';
import type { Program } from './program.ts';
import { leaveRows } from './row-sum.ts';
import type { Port } from './runner/runner.ts';

/** A program with what belongs to the thread that recorded it. */
export interface Compiled {
  readonly program: Program;
  /** Variables the program takes as inputs `parameter/…`, by port name. */
  readonly parameters: Recorded['parameters'];
  /** The simplified graph, one node a line. */
  readonly text: () => string;
}

function uniqueByName(ports: readonly Port[]): readonly Port[] {
  return [...new Map(ports.map((port) => [port.name, port])).values()];
}

/**
 * Records `step` once and compiles what it computes for the given shapes.
 * @param specs shape and type of each tensor the step is given; scalars that may change while training are inputs of
 *   shape `[]`, and inputs known only after a first part has run have `stage: 1`
 * @throws CompileError when the step cannot be recorded; ShapeError when an operation is not legal
 */
export function compile(step: Step, specs: InputSpecs, options: RecordOptions = {}): Compiled {
  const started = performance.now();
  const { outputs: recordedOutputs, parameters, baked } = record(trunklineBackend(), step, specs, options);
  if (Object.keys(recordedOutputs).length === 0)
    throw new CompileError({
      where: 'the step',
      expected: 'a loss or an output',
      found: 'a step that returns neither',
    });
  const recorded = performance.now();
  const outputs = simplify(recordedOutputs);
  const simplified = performance.now();
  const stageOf = (input: string): number => specs[input.replace(/^input\//, '')]?.stage ?? 0;
  const stages = splitStages(outputs, stageOf).map((stage) => {
    const { outputs: named, tables } = leaveRows(stage);
    const { model, inputs, outputs: ports, nodeCount } = encodeGraph(named, { cut: stage.cut, named: true });
    return { model, inputs, outputs: ports, nodeCount, tables };
  });
  const computed = uniqueByName(stages.flatMap((stage) => [...stage.outputs, ...stage.tables]));
  const produced = new Set(computed.map(({ name }) => name));
  const program: Program = {
    stages,
    inputs: uniqueByName(stages.flatMap((stage) => stage.inputs)).filter(({ name }) => !produced.has(name)),
    outputs: computed.filter(({ name }) => name in outputs).map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    baked,
    compileMs: {
      record: recorded - started,
      simplify: simplified - recorded,
      encode: performance.now() - simplified,
    },
  };
  return { program, parameters, text: () => formatGraph(outputs) };
}
